#pragma once

/* Private to openapi.c: schemas of sign-in, administrators, roles and tokens. */

extern const char openapi_accounts_components[];

/* The name of a schema, by operationId; NULL: the operation is another one, or has none. */
const char *openapi_accounts_body(const char *id);
const char *openapi_accounts_answer(const char *id);
