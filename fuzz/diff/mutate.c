#include "mutate.h"

#include "base/mem.h"

enum { LINES_MAX = 400 };

struct dice dice_make(uint64_t seed, uint64_t round)
{
	return (struct dice){seed * 0x9e3779b97f4a7c15u + round * 0xd1342543de82ef95u};
}

uint32_t dice_below(struct dice *d, size_t n)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

/* What replaces s[at..at + n). */
static void splice(struct buf *out, struct slice s, size_t at, size_t n, struct slice with)
{
	buf_reset(out);
	buf_slice_add(out, slice_cut(s, at));
	buf_slice_add(out, with);
	buf_slice_add(out, slice_from(s, at + n));
}

/* Lines with their ends. */
static size_t split_lines(struct slice s, struct slice *lines)
{
	size_t n = 0;

	while (s.n && n < LINES_MAX) {
		size_t lf = slice_find(s, '\n');

		lines[n++] = slice_cut(s, lf + 1);
		s = slice_from(s, lf + 1);
	}
	return n;
}

static struct slice any_line(struct dice *d, struct slice s)
{
	struct slice lines[LINES_MAX];
	size_t n = split_lines(s, lines);

	return n ? lines[dice_below(d, n)] : slice_cut(s, 0);
}

/* ---- the changes; s is not empty ---- */

struct change {
	struct buf *out;
	struct dice *dice;
	struct slice s;
	const struct slice *inputs;
	size_t n_inputs;
};

static void change_byte(struct change *c)
{
	static const char odd[] = "\r\n\t ,;:<>\"@=%[]()/\\?&\0\x80\xff"
				  "09azAZ.-_+*'!~`{}|^$#";
	char one = odd[dice_below(c->dice, sizeof odd - 1)];

	splice(c->out, c->s, dice_below(c->dice, c->s.n), 1, slice_make(&one, 1));
}

static void insert_byte(struct change *c)
{
	static const char odd[] = "\r\n\t ,;:<>\"@=%[]()/\\?&\0\x80\xff"
				  "09azAZ.-_+*";
	char one = odd[dice_below(c->dice, sizeof odd - 1)];

	splice(c->out, c->s, dice_below(c->dice, c->s.n), 0, slice_make(&one, 1));
}

static void drop_bytes(struct change *c)
{
	size_t at = dice_below(c->dice, c->s.n);

	splice(c->out, c->s, at, 1 + dice_below(c->dice, 4), SL(""));
}

static void insert_word(struct change *c)
{
	static const char *const words[] = {"sip:", "sips:", "tel:+1", "im:", "SIP/2.0", "SIP/3.0",
		"SIP / 2.0 / UDP", "SIP/2.0/TCP h:1;branch=z9hG4bKx, ", ";tag=x",
		";tag=", ";branch=z9hG4bKy", ";rport", ";rport=1", ";received=192.0.2.9",
		";received=2001:db8::9", ";maddr=192.0.2.9", ";lr", ";a=\"b;c\"", "\r\n ", "\r\n\t",
		"%41", "%2541", "%00", "%", "[2001:db8::1]", "[::1", "192.0.2.256", "a_b.example",
		":0", ":5060", ":05060", ":65535", ":65536", "4294967295", "4294967296",
		"2147483648", "-1", "+1", "\"", "\\\"", "\"a, b\" ", "<", ">", "<>", "*", ", ",
		"  ", "(c)", "\r\n\r\n", "\n", "z9hG4bK", "@", "@@", "\xc3\xa9", "?a=b",
		"user:pw@"};
	const char *word = words[dice_below(c->dice, ARRAY_LEN(words))];

	splice(c->out, c->s, dice_below(c->dice, c->s.n), 0, slice_of(word));
}

static void insert_field(struct change *c)
{
	static const char *const fields[] = {"Content-Length: 5\r\n", "l: 0\r\n", "l : 3\r\n",
		"Max-Forwards: 0\r\n", "Max-Forwards: 256\r\n", "v: SIP/2.0/UDP h\r\n",
		"From: <sip:x@y.example>;tag=z\r\n", "t: sip:x@y.example\r\n", "i: q@r\r\n",
		"CSeq: 1 MESSAGE\r\n", "CSeq: 1 INVITE\r\n", "c: text/plain\r\n",
		"Content-Type: text/plain;charset=\"utf-8\"\r\n", "X: y\r\n", "X:\r\n", ": y\r\n",
		"X y\r\n", "X y: z\r\n", " folded\r\n", "Subject: \xff\r\n", "Contact: *\r\n",
		"m: \"a\" <sip:b@c>;q=0.1, <sip:d@e>\r\n", "Require: 100rel\r\n",
		"Route: <sip:h;lr>\r\n", "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n"};
	struct slice lines[LINES_MAX];
	size_t n = split_lines(c->s, lines), at = 1 + dice_below(c->dice, n);
	const char *field = fields[dice_below(c->dice, ARRAY_LEN(fields))];

	splice(c->out, c->s, at < n ? (size_t)(lines[at].p - c->s.p) : c->s.n, 0, slice_of(field));
}

/* A line away, a line twice, or one of another message in its place. */
static void change_line(struct change *c)
{
	struct slice lines[LINES_MAX], with = SL("");
	size_t n = split_lines(c->s, lines), at = dice_below(c->dice, n);
	uint32_t how = dice_below(c->dice, 4);

	if (how > 1)
		with = any_line(c->dice, c->inputs[dice_below(c->dice, c->n_inputs)]);
	splice(c->out, c->s, (size_t)(lines[at].p - c->s.p), how == 1 ? 0 : lines[at].n,
		how == 1 ? lines[at] : with);
}

static void change_case(struct change *c)
{
	size_t at = dice_below(c->dice, c->s.n), n = 1 + dice_below(c->dice, 8);

	splice(c->out, c->s, 0, 0, SL(""));
	for (size_t i = at; i < at + n && i < c->s.n; i++)
		if (ascii_alpha(c->s.p[i]))
			c->out->p[c->out->off + i] ^= 0x20;
}

static void fold_space(struct change *c)
{
	size_t at = dice_below(c->dice, c->s.n), n = 0;

	while (n < c->s.n && c->s.p[(at + n) % c->s.n] != ' ')
		n++;
	splice(c->out, c->s, (at + n) % c->s.n, 0, SL("\r\n"));
}

static void cut_short(struct change *c)
{
	size_t n = dice_below(c->dice, c->s.n);

	splice(c->out, c->s, n, c->s.n - n, SL(""));
}

/* One number for another, of any length. */
static void change_number(struct change *c)
{
	static const char *const numbers[] = {"0", "00", "1", "007", "255", "256", "65535", "65536",
		"2147483647", "2147483648", "4294967295", "4294967296", "18446744073709551616",
		"99999999999999999999999"};
	size_t at = dice_below(c->dice, c->s.n), n = 0;
	const char *number = numbers[dice_below(c->dice, ARRAY_LEN(numbers))];

	while (at < c->s.n && !ascii_digit(c->s.p[at]))
		at++;
	while (at + n < c->s.n && ascii_digit(c->s.p[at + n]))
		n++;
	splice(c->out, c->s, at, n, slice_of(number));
}

void mutate(struct buf *out, struct dice *d, const struct slice *inputs, size_t n_inputs)
{
	static void (*const changes[])(struct change * c) = {change_byte, change_byte, insert_byte,
		drop_bytes, insert_word, insert_word, insert_field, change_line, change_line,
		change_case, fold_space, change_number, change_number, cut_short};
	struct change c = {out, d, inputs[0], inputs, n_inputs};
	struct buf before = {0};

	c.s = inputs[dice_below(d, n_inputs)];
	buf_reset(out);
	buf_slice_add(out, c.s);
	for (uint32_t left = 1 + dice_below(d, 3); left && out->n; left--) {
		buf_reset(&before);
		buf_slice_add(&before, buf_slice(out));
		c.s = buf_slice(&before);
		changes[dice_below(d, ARRAY_LEN(changes))](&c);
	}
	buf_done(&before);
}
