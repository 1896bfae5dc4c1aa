#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "rig.h"
#include "store/memory.h"
#include "store/ram.h"

/* Invitations: what PublicUnverified partners need, and how they get to the disk and back. */

struct place {
	char dir[64];
	struct memory *memory;
	struct worker *worker;
};

static void place_open(struct place *p)
{
	struct store_options o = {.backend = "sqlite", .dir = p->dir};
	struct err e;

	if (memory_open(&p->memory, &o, &e) < 0)
		fail_msg("%s", e.text);
	p->worker = worker_new("test", 1);
}

static void place_close(struct place *p)
{
	worker_free(p->worker);
	memory_close(p->memory);
}

static void place_new(struct place *p)
{
	snprintf(p->dir, sizeof p->dir, "/tmp/entente-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	place_open(p);
}

static void place_remove(struct place *p)
{
	static const char *const files[] = {"memory.db", "memory.db-wal", "memory.db-shm", "lock"};
	char path[128];

	place_close(p);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", p->dir, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(p->dir), 0);
}

static struct rig *start(const struct rig_options *o)
{
	struct rig *r = xmalloc(sizeof *r);

	rig_init(r, o);
	return r;
}

static void stop(struct rig *r)
{
	rig_done(r);
	free(r);
}

/* Until nothing is being written. */
static void settle(struct rig *r)
{
	do {
		rig_advance(r, 5);
		if (gateway_busy(r->g))
			loop_turn(r->loop, true);
	} while (gateway_busy(r->g));
}

struct answer {
	unsigned n;
	enum err_kind kind;
};

static void stored(void *arg, const struct err *e)
{
	struct answer *a = arg;

	a->n++;
	a->kind = e ? e->kind : ERR_NONE;
}

static void count(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	++*(unsigned *)arg;
}

static unsigned in_force(struct rig *r)
{
	unsigned n = 0;

	gateway_allow_each(r->g, count, &n);
	return n;
}

#define ROMEO  SL("romeo@example.net")
#define JULIET SL("juliet@example.com")

static const char from_juliet[] = "<message from='juliet@example.com/b' to='romeo@example.net' "
				  "id='m'><body>x</body></message>";

static void allowed_both_ways(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicUnverified"});
	struct answer a = {0};

	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(rig_status(r), 403);
	assert_slice(r->sip[0].m->reason, "Add the contact first");
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	assert_int_equal(a.n, 0); /* never before it has returned */
	rig_advance(r, 5);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.kind, ERR_NONE);
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(r->n_xml, 1);
	rig_stanza(r, from_juliet);
	assert_int_equal(rig_count(r, true), 1);
	/* nobody else */
	rig_message(r, NULL, "<sip:mercutio@example.net>;tag=1", NULL, NULL);
	assert_int_equal(r->n_xml, 1);
	rig_message(r, "sip:nurse@example.com", NULL, NULL, NULL);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

static void removed(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicUnverified"});
	struct answer a = {0};

	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	gateway_allow_remove(r->g, ROMEO, JULIET, stored, &a);
	gateway_allow_remove(r->g, ROMEO, JULIET, stored, &a);
	rig_advance(r, 5);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.kind, ERR_NOT_FOUND);
	assert_int_equal(in_force(r), 0);
	stop(r);
}

static void expires(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicUnverified"});
	struct gateway_view v;

	gateway_allow_put(r->g, ROMEO, JULIET, r->wall_ms + 60000, SL("root"), NULL, NULL);
	rig_advance(r, 59999);
	assert_int_equal(in_force(r), 1);
	rig_advance(r, 1);
	assert_int_equal(in_force(r), 0);
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(rig_status(r), 403);
	rig_advance(r, 3600 * 1000);
	gateway_view(r->g, &v);
	assert_int_equal(v.invitations, 0); /* and forgotten */
	stop(r);
}

static void survives_a_restart(void **state)
{
	struct rig_options o = {.partner_type = "PublicUnverified"};
	struct answer a = {0};
	struct place p;
	struct rig *r;

	place_new(&p);
	o.memory = p.memory;
	o.worker = p.worker;
	r = start(&o);
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	gateway_allow_put(r->g, ROMEO, SL("nurse@example.com"), 0, SL("root"), stored, &a);
	gateway_allow_put(r->g, SL("x@example.net"), JULIET, 0, SL("root"), stored, &a);
	gateway_allow_remove(r->g, SL("x@example.net"), JULIET, stored, &a);
	settle(r);
	assert_int_equal(a.n, 4);
	assert_int_equal(a.kind, ERR_NONE);
	stop(r);
	place_close(&p);
	place_open(&p);
	o.memory = p.memory;
	o.worker = p.worker;
	r = start(&o);
	assert_int_equal(in_force(r), 2);
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(r->n_xml, 1);
	stop(r);
	place_remove(&p);
}

/* WriteInvites: the first message is the invitation, and leaves when that is on disk. */
static void writing_invites(void **state)
{
	struct rig_options o = {.partner_type = "PublicUnverified", .write_invites = true};
	struct place p;
	struct rig *r;

	place_new(&p);
	o.memory = p.memory;
	o.worker = p.worker;
	r = start(&o);
	rig_stanza(r, from_juliet); /* not before he has */
	assert_int_equal(r->n_sip, 0);
	assert_int_equal(r->n_xml, 1);
	rig_message(r, NULL, NULL, NULL, "first");
	rig_message(r, NULL, NULL, NULL, "second");
	assert_int_equal(r->n_xml, 1);
	assert_int_equal(gateway_busy(r->g), 4); /* two senders wait, two rows are to be written */
	rig_advance(r, 5);
	while (r->n_xml < 3)
		loop_turn(r->loop, true);
	assert_true(slice_contains(slice_of(r->xml[1]), SL("first")));
	assert_true(slice_contains(slice_of(r->xml[2]), SL("second")));
	assert_int_equal(in_force(r), 1);
	rig_stanza(r, from_juliet);
	assert_int_equal(rig_count(r, true), 1);
	rig_message(r, NULL, NULL, NULL, "third"); /* no more waiting */
	assert_int_equal(r->n_xml, 4);
	stop(r);
	place_remove(&p);
}

/* The disk says no: the sender is told, nothing leaves, nothing is in force. */
static void disk_full(void **state)
{
	struct rig_options o = {.partner_type = "PublicUnverified", .write_invites = true};
	struct store_options ram = {.backend = "ram"};
	struct answer a = {0};
	struct rig *r;
	struct err e;

	assert_int_equal(memory_open(&o.memory, &ram, &e), 0);
	o.worker = worker_new("test", 1);
	r = start(&o);
	ram_fail_after(0);
	rig_message(r, NULL, NULL, NULL, NULL);
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	settle(r);
	assert_int_equal(rig_status(r), 500);
	assert_true(sip_msg_get(r->sip[0].m, SIP_H_RETRY_AFTER).p != NULL);
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.kind, ERR_UNAVAILABLE);
	assert_int_equal(in_force(r), 0);
	rig_message(r, NULL, NULL, NULL, NULL); /* there is room again */
	rig_advance(r, 5);
	while (r->n_xml == 0)
		loop_turn(r->loop, true);
	assert_int_equal(in_force(r), 1);
	stop(r);
	worker_free(o.worker);
	memory_close(o.memory);
}

/* What the service waits for at its end: then nobody asks the worker any more. */
static void writes_are_counted_until_they_are_stored(void **state)
{
	struct rig_options o = {0};
	struct store_options ram = {.backend = "ram"};
	struct answer a = {0};
	struct rig *r;
	struct err e;

	assert_int_equal(memory_open(&o.memory, &ram, &e), 0);
	o.worker = worker_new("test", 1);
	r = start(&o);
	assert_int_equal(gateway_writes(r->g), 0);
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	gateway_allow_put(r->g, ROMEO, SL("other@partner.lab"), 0, SL("root"), stored, &a);
	assert_int_equal(gateway_writes(r->g), 2);
	settle(r);
	assert_int_equal(gateway_writes(r->g), 0);
	assert_int_equal(a.n, 2);
	assert_int_equal(worker_backlog(o.worker), 0);
	stop(r);
	worker_free(o.worker);
	memory_close(o.memory);
}

static void count_row(void *arg, const struct memory_allow *row)
{
	++*(unsigned *)arg;
}

static unsigned stored_rows(struct memory *m)
{
	unsigned n = 0;

	assert_int_equal(memory_load(m, count_row, &n, NULL), 0);
	return n;
}

/* Disabling a partner suspends what was given to it, deleting it ends it, on disk too. */
static void partner_deleted(void **state)
{
	struct rig_options o = {.partner_type = "PublicUnverified"};
	struct answer a = {0};
	struct place p;
	struct rig *r;

	place_new(&p);
	o.memory = p.memory;
	o.worker = p.worker;
	r = start(&o);
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	settle(r);
	o.partner_off = true;
	rig_settings(r, &o);
	o.partner_off = false;
	rig_settings(r, &o);
	assert_int_equal(in_force(r), 1);
	o.no_partner = true;
	rig_settings(r, &o);
	settle(r);
	assert_int_equal(stored_rows(p.memory), 0);
	/* one that was on its way to the disk meanwhile */
	gateway_allow_put(r->g, ROMEO, JULIET, 0, SL("root"), stored, &a);
	settle(r);
	o.no_partner = false;
	rig_settings(r, &o);
	settle(r);
	assert_int_equal(in_force(r), 0);
	assert_int_equal(stored_rows(p.memory), 0);
	rig_message(r, NULL, NULL, NULL, NULL);
	assert_int_equal(rig_status(r), 403);
	stop(r);
	place_remove(&p);
}

/* More than a batch: all of them, in order. */
static void many(void **state)
{
	struct rig_options o = {.partner_type = "PublicUnverified"};
	struct answer a = {0};
	struct place p;
	struct rig *r;

	place_new(&p);
	o.memory = p.memory;
	o.worker = p.worker;
	r = start(&o);
	for (int i = 0; i < 1000; i++)
		gateway_allow_put(r->g, slice_of(arena_printf(&r->arena, "u%d@example.net", i)),
			JULIET, 0, SL("root"), stored, &a);
	while (a.n < 1000) {
		rig_advance(r, 5);
		if (gateway_busy(r->g))
			loop_turn(r->loop, false);
	}
	assert_int_equal(in_force(r), 1000);
	stop(r);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed_both_ways),
		cmocka_unit_test(removed),
		cmocka_unit_test(expires),
		cmocka_unit_test(survives_a_restart),
		cmocka_unit_test(writing_invites),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(writes_are_counted_until_they_are_stored),
		cmocka_unit_test(partner_deleted),
		cmocka_unit_test(many),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
