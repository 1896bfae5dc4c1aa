#pragma once

/* Private to openapi.c: schemas of the audit log, generations, export and health. */
extern const char openapi_history_components[];
