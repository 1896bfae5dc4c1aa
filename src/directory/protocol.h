#pragma once

/*
 * What entented and entente-directory say to each other, on a pair of sockets: lines of JSON. The
 * one side asks, the other answers in any order; a line that is none of these ends the connection.
 *
 *   {"id": 7, "op": "sign_in", "servers": ["ldaps://dc1.example"], "ca_file": "",
 *    "bind_dn": "...", "bind_password": "...", "user_base": "...", "user_filter": "...",
 *    "group_base": "...", "timeout": 5, "name": "alice", "password": "..."}
 *
 * op: "sign_in" (name, password), "refresh" (dn, name), "test" (name, or "" for none). All members
 * are there, texts without NUL; what an op does not need is "". timeout: seconds for one operation.
 * Servers are ldaps://HOST[:PORT] or ldap://HOST[:PORT], and the latter always means StartTLS.
 *
 *   {"id": 7, "reason": "ok", "code": "", "text": "", "dn": "...", "name": "...", "display": "...",
 *    "groups": [{"dn": "...", "sid": "S-1-..."}], "cut": false}
 *
 * reason: "ok", "unavailable", "bad_password", "not_found", "ambiguous", or how the account stands
 * (auth/standing.h). Exactly one for each question, at most DIRECTORY_DEADLINE_MS after it. Before
 * it, of a test, a line for each step:
 *
 *   {"id": 7, "step": "tls", "result": "pass", "code": "ok", "evidence": "...", "remedy": "..."}
 */
enum {
	DIRECTORY_DEADLINE_MS = 10000,
	DIRECTORY_QUESTION_MAX = 64 * 1024,
	DIRECTORY_ANSWER_MAX = 1024 * 1024,
	DIRECTORY_GROUPS_MAX = 1000, /* more are not looked at, and "cut" says so */
	DIRECTORY_DEPTH_MAX = 10,    /* of groups in groups */
	DIRECTORY_SERVERS_MAX = 16,
	DIRECTORY_UNDER_WAY_MAX = 64,
};
