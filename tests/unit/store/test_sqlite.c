/* What is SQLite's own: files, durability, other processes, broken disks. */

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "build.h"
#include "change_file.h"
#include "place.h"
#include "store/backend.h"
#include "store/rows.h"
#include "store/schema.h"
#include "unit.h"

#define SET(name, value)                                                                           \
	{                                                                                          \
		SL(name), ASSIGN_SET, SL(value)                                                    \
	}

static const struct store_actor alice = {"alice", "uid 1000", "cli"};

static int setup(void **state)
{
	struct place *p = xzalloc(sizeof *p);

	place_make(p, "sqlite");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	place_remove(*state);
	xfree(*state);
	return 0;
}

static int add_partner(struct store *s, const char *domain, uint64_t if_generation, struct err *e)
{
	struct change ch = {CHANGE_ADD, OBJECT_PARTNER, slice_of(domain), NULL, 0};
	struct store_request r = {
		.actor = alice, .changes = &ch, .n = 1, .if_generation = if_generation};

	return store_change(s, &r, NULL, NULL, e);
}

static char *export(struct store *s)
{
	struct snapshot *snapshot = store_snapshot(s);
	struct buf text = {0};
	char *ret;

	config_json(snapshot_config(snapshot), snapshot_generation(snapshot), &text);
	ret = buf_dup(&text);
	buf_done(&text);
	snapshot_unref(snapshot);
	return ret;
}

/* Every kind, every setting that can be something else than its default. */
static void everything_survives(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{OBJECT_ROUTE, "second", "next_hop=sip:[::1]:5070"},
		{OBJECT_DOMAIN, "bücher.example", "route=second|description=a 'quoted'; DROP TABLE partner"},
		{OBJECT_ROUTE, "main", "next_hop=sip:proxy.lab|description=x|sources=10.0.0.0/8,::1|"
			"from_domains=bücher.example|receive_rate=100|send_rate=20|error_wait=0|late_error=off|digest_password=open sesame"},
		{OBJECT_PARTNER, "xmpp.lab", "domains=müller.example,b.xmpp.lab|description=Zürich\n2|"
			"type=PublicVerified|tls=Optional|sasl=Optional|dialback=false|keep_alive=false|"
			"proxy=[2001:db8::1]:5270|connection_limit=7|enabled=false"},
		{OBJECT_GATEWAY, "", "connection_limit=999|partner_connection_limit=9|KeepAliveInterval=10|"
			"StreamEstablishmentTimeout=2|StreamInactivityTimeout=31|"
			"SubscriptionRefreshInterval=61|dialback_passphrase=correct horse battery"},
		{OBJECT_ACCESS, "", "allow_federated_users=true"},
		{OBJECT_POLICY, "global", "federation=true|description=all"},
		{OBJECT_POLICY, "tag:chat", "federation=true|xmpp=true|write_invites=true"},
		{OBJECT_POLICY, "domain:bücher.example", NULL},
		{OBJECT_GRANT, "anna@bücher.example", "policy=tag:chat"},
	};
	/* clang-format on */
	struct store *s = place_open(*state);
	struct snapshot *snapshot;
	char *before, *after;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct assign assigns[16];
		struct store_request r = {.actor = alice, .n = 1};
		struct change ch;

		snapshot = store_snapshot(s);
		ch = build_change(
			snapshot_config(snapshot), &lines[i], assigns, ARRAY_LEN(assigns));
		snapshot_unref(snapshot);
		r.changes = &ch;
		assert_int_equal(store_change(s, &r, NULL, NULL, NULL), 0);
	}
	before = export(s);
	store_close(s);
	s = place_open(*state);
	after = export(s);
	assert_string_equal(before, after);
	snapshot = store_snapshot(s);
	assert_int_equal(snapshot_generation(snapshot), 1 + ARRAY_LEN(lines));
	assert_string_equal(
		snapshot_gateway(snapshot)->dialback_passphrase, "correct horse battery");
	assert_string_equal(
		snapshot_route(snapshot, SL("main"))->digest_password, "open sesame");
	snapshot_unref(snapshot);
	store_close(s);
	free(before);
	free(after);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void files_are_private(void **state)
{
	struct place *p = *state;
	mode_t before = umask(0);
	struct store *s = place_open(p);

	assert_int_equal(mode_of(p->store), 0700);
	assert_int_equal(mode_of(p->key), 0600);
	assert_int_equal(mode_of(place_file(p, "managed.db")), 0600);
	assert_int_equal(mode_of(place_file(p, "managed.db-wal")), 0600);
	umask(before);
	store_close(s);
}

/* A column for each setting, in its order. */
static void columns_are_the_settings(void **state)
{
	struct place *p = *state;
	sqlite3 *db;

	store_close(place_open(p));
	assert_int_equal(sqlite3_open(place_file(p, "managed.db"), &db), SQLITE_OK);
	for (size_t k = 0; k < OBJECT__N; k++) {
		const struct object_class *class = object_classes[k];
		const struct stmt_def *list = &stmt_defs[kind_stmts[k].list];
		sqlite3_stmt *st;
		int at = class->single ? 1 : 0;

		assert_int_equal(sqlite3_prepare_v2(db, list->sql, -1, &st, NULL), SQLITE_OK);
		for (size_t i = 0; i < class->n_settings; i++)
			if (!(class->settings[i].flags & SETTING_WRITE_ONLY)) {
				const char *column = sqlite3_column_name(st, at++);

				if (strcmp(column, "user_address") ==
					0) /* "user" is a word of SQL's */
					column = "user";
				assert_string_equal(column, class->settings[i].name);
			}
		assert_int_equal(at, sqlite3_column_count(st));
		assert_int_equal(at, list->columns);
		sqlite3_finalize(st);
		assert_int_equal(
			sqlite3_prepare_v2(db, stmt_defs[kind_stmts[k].put].sql, -1, &st, NULL),
			SQLITE_OK);
		assert_int_equal(sqlite3_bind_parameter_count(st), at);
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
}

/* ---- durability ---- */

static unsigned syncs;

/* SQLite's library calls these in place of the C library's. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

/* An administrator's change is on the disk when it is acknowledged; what users do is written
 * behind. */
static void what_is_synced(void **state)
{
	static const struct memory_write invitation = {
		MEMORY_PUT_ALLOW, {"a@sip.lab", "j@xmpp.lab", 0, "root", 1, "", 0}
        };
	struct place *p = *state;
	struct store *s = place_open(p);
	struct memory *m;

	assert_int_equal(memory_open(&m, &p->options, NULL), 0);
	syncs = 0;
	assert_int_equal(add_partner(s, "a.example", 0, NULL), 0);
	assert_true(syncs > 0);
	syncs = 0;
	assert_int_equal(memory_write(m, &invitation, 1, NULL), 0);
	assert_int_equal(syncs, 0);
	memory_close(m);
	store_close(s);
}

/* ---- another process ---- */

static void others_changes_are_seen(void **state)
{
	struct store *a = place_open(*state), *b = place_open(*state);
	struct snapshot *s;
	struct err e;

	assert_int_equal(add_partner(a, "a.example", 0, NULL), 0);
	/* b has not seen it: with a generation it is told, without one its change comes on top. */
	assert_int_equal(add_partner(b, "b.example", 1, &e), -1);
	assert_string_equal(e.code, "changed_meanwhile");
	assert_int_equal(add_partner(a, "c.example", 0, NULL), 0);
	assert_int_equal(add_partner(b, "b.example", 0, &e), 0);
	s = store_snapshot(b);
	assert_int_equal(snapshot_generation(s), 4);
	assert_non_null(snapshot_partner(s, SL("a.example")));
	assert_non_null(snapshot_partner(s, SL("b.example")));
	assert_non_null(snapshot_partner(s, SL("c.example")));
	snapshot_unref(s);
	/* What contradicts a change not yet seen is refused, not written over. */
	assert_int_equal(add_partner(a, "b.example", 0, &e), -1);
	assert_string_equal(e.code, "exists");
	store_close(a);
	store_close(b);
}

/* Several at their first start at once: one makes the store, all have the same. */
static void first_starts_at_once(void **state)
{
	enum { N = 6 };
	struct place *p = *state;
	struct snapshot *snapshot;
	struct store *s;
	int status, go[2];
	pid_t pids[N];

	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char c;
			struct err e;

			close(go[1]);
			if (read(go[0], &c, 1) == 0 && store_open(&s, &p->options, &e) == 0)
				_exit(0);
			print_error("%s\n", e.text);
			_exit(1);
		}
	}
	close(go[1]); /* now */
	close(go[0]);
	for (int i = 0; i < N; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	s = place_open(p);
	snapshot = store_snapshot(s);
	assert_int_equal(snapshot_generation(snapshot), 1);
	snapshot_unref(snapshot);
	store_close(s);
}

/* ---- broken ---- */

static void refuses_to_open(struct place *p, const char *code)
{
	struct store *s = NULL;
	struct err e = {0};

	assert_int_equal(store_open(&s, &p->options, &e), -1);
	assert_string_equal(e.code, code);
	assert_true(strlen(e.text) > 10);
	assert_null(s);
}

static void sql(struct place *p, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place_file(p, "managed.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int read_number(void *arg, int n, char **column, char **name)
{
	*(int *)arg = atoi(column[0]);
	return 0;
}

static int user_version(struct place *p)
{
	int version = 0;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place_file(p, "managed.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version", read_number, &version, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	return version;
}

static void newer_and_foreign_stores(void **state)
{
	char back[96];

	store_close(place_open(*state));
	snprintf(back, sizeof back, "PRAGMA user_version = %d; PRAGMA application_id = 1",
		user_version(*state));
	sql(*state, "PRAGMA user_version = 99");
	refuses_to_open(*state, "store_newer");
	sql(*state, back);
	refuses_to_open(*state, "store_foreign");
	sql(*state, "PRAGMA application_id = 1164866669");
	store_close(place_open(*state));
}

static void a_foreign_database_is_not_touched(void **state)
{
	struct place *p = *state;
	uint64_t before;

	assert_int_equal(mkdir(p->store, 0700), 0);
	sql(p, "CREATE TABLE precious (x)");
	before = place_hash(p);
	refuses_to_open(p, "store_foreign");
	assert_true(place_hash(p) == before);
}

/* ---- only looking ---- */

static struct store *look_at(const struct place *p)
{
	struct store_options o = p->options;
	struct store *s;
	struct err e;

	o.backend = "sqlite-look";
	if (store_open(&s, &o, &e) < 0)
		fail_msg("%s: %s", e.code, e.text);
	return s;
}

static uint64_t generation_of(struct store *s)
{
	struct snapshot *snapshot = store_snapshot(s);
	uint64_t ret = snapshot_generation(snapshot);

	snapshot_unref(snapshot);
	return ret;
}

static void add_partner_to(struct store *s, const char *domain)
{
	const struct change add = {CHANGE_ADD, OBJECT_PARTNER, slice_of(domain), NULL, 0};
	const struct store_request r = {
		.actor = {"alice", "uid 1000", "cli"}, .changes = &add, .n = 1};

	assert_int_equal(store_change(s, &r, NULL, NULL, NULL), 0);
}

static void looking_leaves_everything(void **state)
{
	struct place *p = *state;
	struct store *s = place_open(p), *look;
	uint64_t before;

	add_partner_to(s, "a.example");
	look = look_at(p); /* while another has it open, and what he wrote lies in its log */
	assert_int_equal(generation_of(look), 2);
	assert_int_equal(store_steps_taken(look), 0);
	add_partner_to(look, "b.example"); /* gone with it */
	store_close(look);
	assert_int_equal(generation_of(s), 2);
	store_close(s);

	assert_int_equal(unlink(place_file(p, "managed.db")), 0);
	sql(p, sqlite_schemas[HALF_MANAGED].steps[0]); /* of the first version */
	sql(p, "PRAGMA user_version = 1; PRAGMA application_id = 1164866669");
	before = place_hash(p);
	look = look_at(p);
	assert_int_equal(generation_of(look), 1);
	assert_true(store_steps_taken(look) > 0);
	store_close(look);
	assert_true(place_hash(p) == before);
	assert_int_equal(access(place_file(p, "managed.db-wal"), F_OK), -1);
	assert_int_equal(access(place_file(p, "managed.db-shm"), F_OK), -1);
	store_close(place_open(p)); /* and the start does it */
	assert_true(place_hash(p) != before);
}

static void nothing_to_look_at(void **state)
{
	struct place *p = *state;
	struct store_options o = p->options;
	struct store *s = NULL;
	struct err e;

	o.backend = "sqlite-look";
	assert_int_equal(store_open(&s, &o, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_int_equal(access(p->store, F_OK), -1);
	assert_int_equal(access(p->key, F_OK), -1);
}

static void rows_that_break_a_rule(void **state)
{
	struct store *s = place_open(*state);

	assert_int_equal(add_partner(s, "a.example", 0, NULL), 0);
	store_close(s);
	sql(*state, "UPDATE partner SET tls_negotiation = 'NotSupported'");
	refuses_to_open(*state, "sasl_requires_tls");
	sql(*state, "UPDATE partner SET tls_negotiation = 'Perhaps'");
	refuses_to_open(*state, "not_one_of");
	sql(*state, "UPDATE partner SET tls_negotiation = 'Required', domain = '*.example'");
	refuses_to_open(*state, "domain_wildcard");
	sql(*state, "UPDATE partner SET domain = 'a.example'");
	store_close(place_open(*state));
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void damaged_stores(void **state)
{
	struct place *p = *state;

	store_close(place_open(p));
	write_file(place_file(p, "managed.db"), "this is no database, and long enough that nobody "
						"takes it for an empty one; it goes on "
						"for more than the hundred bytes of a header");
	refuses_to_open(p, "store_damaged");
	unlink(place_file(p, "managed.db"));
	mkdir(place_file(p, "managed.db"), 0700);
	refuses_to_open(p, "store_failed");
	rmdir(place_file(p, "managed.db"));
}

static void key_files(void **state)
{
	struct place *p = *state;
	struct place other;
	char *moved;

	store_close(place_open(p));
	/* Readable by others. */
	assert_int_equal(chmod(p->key, 0640), 0);
	refuses_to_open(p, "key_file");
	assert_int_equal(chmod(p->key, 0600), 0);
	/* Missing: a new one is not made in its place, for it would open nothing. */
	moved = xasprintf("%s.moved", p->key);
	assert_int_equal(rename(p->key, moved), 0);
	refuses_to_open(p, "key_file");
	assert_int_equal(access(p->key, F_OK), -1);
	/* Another store's. */
	place_make(&other, "sqlite");
	store_close(place_open(&other));
	p->options.key_file = other.key;
	refuses_to_open(p, "key_file");
	p->options.key_file = p->key;
	place_remove(&other);
	/* Not one at all, cut short, one byte more. */
	write_file(p->key, "secret\n");
	chmod(p->key, 0600);
	refuses_to_open(p, "key_file");
	unlink(p->key);
	assert_int_equal(rename(moved, p->key), 0);
	store_close(place_open(p));
	xfree(moved);
}

/* A file size limit is what a full disk looks like to one file. */
static void a_full_disk(void **state)
{
	struct place *p = *state;
	struct store *s = place_open(p);
	struct rlimit was, tight;
	struct stat st;
	struct err e = {0};
	char *before, *after;
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);

	assert_int_equal(add_partner(s, "a.example", 0, NULL), 0);
	before = store_text(s);
	assert_int_equal(stat(place_file(p, "managed.db-wal"), &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = (struct rlimit){(rlim_t)st.st_size, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(add_partner(s, "b.example", 0, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	after = store_text(s);
	assert_string_equal(before, after);
	/* With room again it goes on, and what was refused can be done. */
	assert_int_equal(add_partner(s, "b.example", 0, NULL), 0);
	store_close(s);
	s = place_open(p);
	store_close(s);
	signal(SIGXFSZ, old);
	free(before);
	free(after);
}

/* A process that dies leaves what was acknowledged. */
static void survives_a_crash(void **state)
{
	struct place *p = *state;
	struct snapshot *snapshot;
	struct store *s;
	pid_t pid;
	int status;

	store_close(place_open(p));
	pid = fork();
	if (pid == 0) {
		s = place_open(p);
		add_partner(s, "a.example", 0, NULL);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	s = place_open(p);
	snapshot = store_snapshot(s);
	assert_non_null(snapshot_partner(snapshot, SL("a.example")));
	snapshot_unref(snapshot);
	store_close(s);
}

static void unknown_backends(void **state)
{
	struct place *p = *state;

	p->options.backend = "postgres";
	refuses_to_open(p, "backend_unknown");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(everything_survives),
		test(files_are_private),
		test(columns_are_the_settings),
		test(what_is_synced),
		test(others_changes_are_seen),
		test(first_starts_at_once),
		test(newer_and_foreign_stores),
		test(a_foreign_database_is_not_touched),
		test(rows_that_break_a_rule),
		test(looking_leaves_everything),
		test(nothing_to_look_at),
		test(damaged_stores),
		test(key_files),
		test(a_full_disk),
		test(survives_a_crash),
		test(unknown_backends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
