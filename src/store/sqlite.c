#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/backend.h"
#include "store/schema.h"

enum { BUSY_MS = 5000, COLUMNS_MAX = 24 };

struct sqlite {
	struct backend backend;
	const struct schema *schema;
	sqlite3 *db;
	sqlite3_stmt *stmts[STMT__N]; /* prepared when first used */
};

static struct sqlite *sqlite_of(struct backend *b)
{
	return container_of(b, struct sqlite, backend);
}

static int failed(struct sqlite *q, struct err *e)
{
	int code = sqlite3_extended_errcode(q->db);
	const char *what = q->schema->what, *why = sqlite3_errmsg(q->db);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_code(e, ERR_UNAVAILABLE, "store_busy", NULL,
			"%s is in use by another process; try again", what);
	case SQLITE_FULL:
		return err_code(e, ERR_UNAVAILABLE, "store_full", NULL,
			"%s cannot be written: the disk is full", what);
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_code(e, ERR_UNAVAILABLE, "store_failed", NULL,
			"%s cannot be used: %s (%s)", what, why,
			strerror(sqlite3_system_errno(q->db)));
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_code(e, ERR_INVALID, "store_damaged", NULL,
			"%s is damaged (%s); restore it from a backup", what, why);
	}
	return err_code(e, ERR_INTERNAL, "store_failed", NULL, "%s: %s (%d)", what, why, code);
}

static int exec(struct sqlite *q, const char *sql, struct err *e)
{
	return sqlite3_exec(q->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(q, e);
}

/* ---- transactions and statements ---- */

static int sqlite_begin(struct backend *b, struct err *e)
{
	return exec(sqlite_of(b), "BEGIN IMMEDIATE", e);
}

static void sqlite_rollback(struct backend *b)
{
	struct sqlite *q = sqlite_of(b);

	if (!sqlite3_get_autocommit(q->db)) /* some errors have rolled back already */
		exec(q, "ROLLBACK", NULL);
}

static int sqlite_commit(struct backend *b, struct err *e)
{
	if (exec(sqlite_of(b), "COMMIT", e) == 0)
		return 0;
	sqlite_rollback(b);
	return -1;
}

static int prepare(struct sqlite *q, enum stmt stmt, struct err *e)
{
	if (q->stmts[stmt])
		return 0;
	if (sqlite3_prepare_v3(q->db, stmt_defs[stmt].sql, -1, SQLITE_PREPARE_PERSISTENT,
		    &q->stmts[stmt], NULL) != SQLITE_OK)
		return failed(q, e);
	return 0;
}

/* To SQLite "$2" is a name: it has whatever place it is first written at. */
static int bind(
	struct sqlite *q, sqlite3_stmt *st, const char *const *args, size_t n, struct err *e)
{
	char name[24];

	for (size_t i = 0; i < n; i++) {
		int at, rc;

		snprintf(name, sizeof name, "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(st, name);
		rc = args[i] ? sqlite3_bind_text(st, at, args[i], -1, SQLITE_STATIC)
			     : sqlite3_bind_null(st, at);
		if (rc != SQLITE_OK)
			return failed(q, e);
	}
	return 0;
}

static int tell_row(sqlite3_stmt *st, row_fn *fn, void *arg, struct err *e)
{
	const char *column[COLUMNS_MAX];
	size_t n = (size_t)sqlite3_column_count(st);

	for (size_t i = 0; i < n && i < COLUMNS_MAX; i++)
		column[i] = (const char *)sqlite3_column_text(st, (int)i);
	return fn(arg, column, n, e);
}

static int step_all(struct sqlite *q, sqlite3_stmt *st, row_fn *fn, void *arg, struct err *e)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (fn && tell_row(st, fn, arg, e) < 0)
			return -1;
	return rc == SQLITE_DONE ? 0 : failed(q, e);
}

static int sqlite_run(struct backend *b, enum stmt stmt, const char *const *args, size_t n,
	row_fn *fn, void *arg, struct err *e)
{
	struct sqlite *q = sqlite_of(b);
	int rc;

	if (prepare(q, stmt, e) < 0)
		return -1;
	rc = bind(q, q->stmts[stmt], args, n, e);
	if (rc == 0)
		rc = step_all(q, q->stmts[stmt], fn, arg, e);
	sqlite3_reset(q->stmts[stmt]);
	sqlite3_clear_bindings(q->stmts[stmt]); /* a secret's text is not kept longer than needed */
	return rc;
}

/* ---- opening ---- */

static void sqlite_close(struct backend *b)
{
	struct sqlite *q = sqlite_of(b);

	for (size_t i = 0; i < STMT__N; i++)
		sqlite3_finalize(q->stmts[i]);
	sqlite3_close(q->db);
	xfree(q);
}

/* Only we may read it; the files that SQLite puts beside it take its mode. */
static int make_file(const char *path, struct err *e)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_code(e, ERR_UNAVAILABLE, "store_failed", "store",
			"%s cannot be opened: %s", path, strerror(errno));
	close(fd);
	return 0;
}

static int get_number(struct sqlite *q, const char *sql, unsigned *ret, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (sqlite3_prepare_v2(q->db, sql, -1, &st, NULL) != SQLITE_OK)
		return failed(q, e);
	rc = sqlite3_step(st) == SQLITE_ROW ? 0 : failed(q, e);
	if (rc == 0)
		*ret = (unsigned)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc;
}

static unsigned steps_known(const struct sqlite *q)
{
	unsigned n = 0;

	while (q->schema->steps[n])
		n++;
	return n;
}

/* How many steps it has seen. Somebody else's database is not touched. */
static int read_version(struct sqlite *q, unsigned *ret, struct err *e)
{
	unsigned version = 0, id = 0, objects = 0;

	if (get_number(q, "PRAGMA user_version", &version, e) < 0 ||
		get_number(q, "PRAGMA application_id", &id, e) < 0 ||
		get_number(q, "SELECT count(*) FROM sqlite_schema", &objects, e) < 0)
		return -1;
	if (id != q->schema->application_id && (id || version || objects))
		return err_code(e, ERR_INVALID, "store_foreign", "store",
			"%s is another program's database", q->schema->file);
	if (version > steps_known(q))
		return err_code(e, ERR_INVALID, "store_newer", "store",
			"%s was written by a newer version (schema %u, this one knows %u)",
			q->schema->what, version, steps_known(q));
	*ret = version;
	return 0;
}

static int take_steps(struct sqlite *q, struct err *e)
{
	char done[96];
	unsigned version;

	if (read_version(q, &version, e) < 0) /* again: now nobody else can take them */
		return -1;
	for (; version < steps_known(q); version++, q->backend.steps_taken++)
		if (exec(q, q->schema->steps[version], e) < 0)
			return -1;
	snprintf(done, sizeof done, "PRAGMA user_version = %u; PRAGMA application_id = %u", version,
		q->schema->application_id);
	return exec(q, done, e);
}

static int migrate(struct sqlite *q, struct err *e)
{
	if (sqlite_begin(&q->backend, e) < 0)
		return -1;
	if (take_steps(q, e) == 0)
		return sqlite_commit(&q->backend, e);
	sqlite_rollback(&q->backend);
	return -1;
}

static int configure(struct sqlite *q, struct err *e)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; "
				      "PRAGMA trusted_schema = OFF; PRAGMA synchronous = ";
	char all[sizeof pragmas + 16];

	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	snprintf(all, sizeof all, "%s%s", pragmas, q->schema->synchronous);
	return exec(q, all, e);
}

static int sqlite_open_at(struct sqlite *q, const char *path, struct err *e)
{
	unsigned version;

	if (make_file(path, e) < 0)
		return -1;
	if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return q->db ? failed(q, e) : err_set(e, ERR_INTERNAL, "out of memory");
	sqlite3_busy_timeout(q->db, BUSY_MS);
	if (read_version(q, &version, e) < 0 || configure(q, e) < 0)
		return -1;
	return version < steps_known(q) ? migrate(q, e) : 0;
}

/*
 * Opens are one after the other: SQLite lets nobody wait for the switch to WAL, it only says busy.
 * The lock is on the folder itself, so that no file of it is left, and goes with the descriptor.
 */
static int lock_folder(const char *dir, int *ret_fd, struct err *e)
{
	int fd;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_code(e, ERR_UNAVAILABLE, "store_failed", "store",
			"%s cannot be made: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		err_code(e, ERR_UNAVAILABLE, "store_failed", "store", "%s cannot be opened: %s",
			dir, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

static int sqlite_open(struct backend **ret, enum store_half half, const char *dir, struct err *e)
{
	struct sqlite *q;
	char *path;
	int rc, lock;

	if (lock_folder(dir, &lock, e) < 0)
		return -1;
	q = xzalloc(sizeof *q);
	q->backend.ops = &sqlite_backend;
	q->schema = &sqlite_schemas[half];
	path = xasprintf("%s/%s", dir, q->schema->file);
	rc = sqlite_open_at(q, path, e);
	xfree(path);
	close(lock);
	if (rc == 0)
		*ret = &q->backend;
	else
		sqlite_close(&q->backend);
	return rc;
}

/* ---- only to look ---- */

/*
 * Without a log of changes beside it nobody has the file open, and it is read as it is: to read one
 * in the way of its log SQLite would make files beside it.
 */
static char *look_uri(const char *dir, const char *file)
{
	char *wal = xasprintf("%s/%s-wal", dir, file);
	struct stat st;
	bool live = stat(wal, &st) == 0 && st.st_size > 0;
	struct buf uri = {0};
	char *ret;

	buf_str(&uri, "file:");
	for (const char *p = dir; *p; p++)
		if (strchr("?#%", *p))
			buf_printf(&uri, "%%%02X", (unsigned)*p);
		else
			buf_chr(&uri, *p);
	buf_printf(&uri, "/%s?%s", file, live ? "mode=ro" : "mode=ro&immutable=1");
	ret = buf_dup(&uri);
	buf_done(&uri);
	xfree(wal);
	return ret;
}

static int copy_all(struct sqlite *q, sqlite3 *from, struct err *e)
{
	sqlite3_backup *b = sqlite3_backup_init(q->db, "main", from, "main");
	int rc = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;

	sqlite3_backup_finish(b);
	if (rc == SQLITE_DONE)
		return 0;
	return err_code(e,
		rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? ERR_INVALID : ERR_UNAVAILABLE,
		rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? "store_damaged" : "store_failed",
		NULL, "%s cannot be read: %s", q->schema->what, sqlite3_errstr(rc));
}

static int copy_file(struct sqlite *q, const char *uri, struct err *e)
{
	sqlite3 *from = NULL;
	int rc;

	if (sqlite3_open_v2(":memory:", &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
		SQLITE_OK)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (sqlite3_open_v2(uri, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) ==
		SQLITE_OK) {
		sqlite3_busy_timeout(from, BUSY_MS);
		rc = copy_all(q, from, e);
	} else {
		rc = err_code(e, ERR_UNAVAILABLE, "store_failed", NULL, "%s cannot be read: %s",
			q->schema->what, from ? sqlite3_errmsg(from) : "out of memory");
	}
	sqlite3_close(from);
	return rc;
}

static int look_open(struct backend **ret, enum store_half half, const char *dir, struct err *e)
{
	struct sqlite *q = xzalloc(sizeof *q);
	unsigned version;
	char *uri;
	int rc;

	q->backend.ops = &look_backend;
	q->schema = &sqlite_schemas[half];
	uri = look_uri(dir, q->schema->file);
	rc = copy_file(q, uri, e);
	xfree(uri);
	if (rc == 0)
		rc = read_version(q, &version, e);
	if (rc == 0 && version < steps_known(q))
		rc = migrate(q, e);
	if (rc == 0)
		*ret = &q->backend;
	else
		sqlite_close(&q->backend);
	return rc;
}

const struct backend_ops look_backend = {
	"sqlite-look",
	look_open,
	sqlite_close,
	sqlite_begin,
	sqlite_commit,
	sqlite_rollback,
	sqlite_run,
};

const struct backend_ops sqlite_backend = {
	"sqlite",
	sqlite_open,
	sqlite_close,
	sqlite_begin,
	sqlite_commit,
	sqlite_rollback,
	sqlite_run,
};
