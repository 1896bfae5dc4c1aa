#include "base/mem.h"
#include "sip/digest.h"
#include "unit.h"

/* ---- what is asked for ---- */

/* clang-format off */
static const struct {
	const char *value;
	enum digest_refusal refusal;
	const char *realm;
	enum digest_algorithm algorithm;
	bool session;
	enum digest_qop qop;
} challenges[] = {
	/* RFC 2617 3.2.1: without algorithm it is MD5; without qop it is RFC 2069's */
	{"Digest realm=\"a\", nonce=\"n\"", DIGEST_FINE, "a", DIGEST_MD5, false, DIGEST_NO_QOP},
	{"digest Realm=\"a\",NONCE=\"n\"",  DIGEST_FINE, "a", DIGEST_MD5, false, DIGEST_NO_QOP},
	{"Digest  realm=\"a\" , , nonce=\"n\",", DIGEST_FINE, "a", DIGEST_MD5, false, DIGEST_NO_QOP},
	{"Digest realm=\"a \\\"b\\\", c\", nonce=\"n\"", DIGEST_FINE, "a \"b\", c", DIGEST_MD5, false,
		DIGEST_NO_QOP},
	{"Digest realm=\"\", nonce=\"n\"", DIGEST_FINE, "", DIGEST_MD5, false, DIGEST_NO_QOP},
	/* RFC 7616 3.3: algorithms; quoted is tolerated */
	{"Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256", DIGEST_FINE, "a", DIGEST_SHA256, false,
		DIGEST_NO_QOP},
	{"Digest realm=\"a\", nonce=\"n\", algorithm=\"sha-512-256\"", DIGEST_FINE, "a",
		DIGEST_SHA512_256, false, DIGEST_NO_QOP},
	{"Digest realm=\"a\", nonce=\"n\", algorithm=MD5-sess", DIGEST_FINE, "a", DIGEST_MD5, true,
		DIGEST_NO_QOP},
	{"Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512", DIGEST_UNKNOWN_ALGORITHM, NULL, 0, 0, 0},
	{"Digest realm=\"a\", nonce=\"n\", algorithm=AKAv1-MD5", DIGEST_UNKNOWN_ALGORITHM, NULL, 0, 0, 0},
	/* 3.3: of several qop auth, which needs no body */
	{"Digest realm=\"a\", nonce=\"n\", qop=\"auth-int,auth\"", DIGEST_FINE, "a", DIGEST_MD5, false,
		DIGEST_AUTH},
	{"Digest realm=\"a\", nonce=\"n\", qop=\"auth-int, more\"", DIGEST_FINE, "a", DIGEST_MD5, false,
		DIGEST_AUTH_INT},
	{"Digest realm=\"a\", nonce=\"n\", qop=auth", DIGEST_FINE, "a", DIGEST_MD5, false, DIGEST_AUTH},
	{"Digest realm=\"a\", nonce=\"n\", qop=\"token\"", DIGEST_UNKNOWN_QOP, NULL, 0, 0, 0},
	{"Digest realm=\"a\", nonce=\"n\", qop=\"\"", DIGEST_UNKNOWN_QOP, NULL, 0, 0, 0},
	/* unknown ones are skipped (3.3) */
	{"Digest realm=\"a\", nonce=\"n\", colour=red, domain=\"sip:x sip:y\"", DIGEST_FINE, "a",
		DIGEST_MD5, false, DIGEST_NO_QOP},
	/* RFC 3261 22: Basic is never answered */
	{"Basic realm=\"a\"", DIGEST_NOT_DIGEST, NULL, 0, 0, 0},
	{"Digest", DIGEST_NOT_DIGEST, NULL, 0, 0, 0},
	{"Digestive realm=\"a\", nonce=\"n\"", DIGEST_NOT_DIGEST, NULL, 0, 0, 0},
	{"", DIGEST_NOT_DIGEST, NULL, 0, 0, 0},
	{"Digest realm=\"a\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest nonce=\"n\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest realm=\"a\", nonce=\"n\", nonce=\"m\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest realm=\"a, nonce=\"n\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest realm=\"a\", nonce=\"n", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest realm=\"a\"x, nonce=\"n\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest realm, nonce=\"n\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
	{"Digest =\"a\", nonce=\"n\"", DIGEST_SYNTAX, NULL, 0, 0, 0},
};
/* clang-format on */

static void challenges_are_read(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(challenges); i++) {
		struct arena a = {0};
		struct digest_challenge c;
		enum digest_refusal r =
			digest_challenge_read(&c, &a, slice_of(challenges[i].value));

		if (r != challenges[i].refusal)
			fail_msg("%s: %s", challenges[i].value, digest_refusal_name(r));
		if (r == DIGEST_FINE) {
			assert_slice(c.realm, challenges[i].realm);
			assert_int_equal(c.algorithm, challenges[i].algorithm);
			assert_int_equal(c.session, challenges[i].session);
			assert_int_equal(c.qop, challenges[i].qop);
		}
		arena_done(&a);
	}
}

static void the_better_algorithm_wins(void **state)
{
	const struct digest_challenge md5 = {.algorithm = DIGEST_MD5},
				      sha = {.algorithm = DIGEST_SHA256},
				      sha512 = {.algorithm = DIGEST_SHA512_256};

	assert_true(digest_better(&sha, &md5));
	assert_false(digest_better(&md5, &sha));
	assert_false(digest_better(&md5, &md5));
	assert_false(digest_better(&sha512, &sha)); /* the first of equals */
	assert_false(digest_better(&sha, &sha512));
}

/* ---- answers ---- */

#define MUFASA "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "                     \
	       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", "

/* clang-format off */
static const struct {
	const char *challenge, *user, *password, *method, *uri, *body, *cnonce;
	uint32_t count;
	const char *answer;
} answers[] = {
	/* RFC 7616 3.9.1 */
	{"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
		"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
		"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
		"Mufasa", "Circle of Life", "GET", "/dir/index.html", "",
		"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1,
		MUFASA "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, qop=auth, "
		"nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
		"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""},
	{"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
		"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
		"Mufasa", "Circle of Life", "GET", "/dir/index.html", "",
		"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1,
		MUFASA "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
		"algorithm=SHA-256, qop=auth, nc=00000001, "
		"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\""},
	/* 3.9.2; its response is SHA-512 cut short, and its user hash, too: these are by SHA-512/256 */
	{"Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
		"nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", charset=UTF-8, userhash=true",
		"J\xc3\xa4s\xc3\xb8n Doe", "Secret, or not?", "GET", "/doe.json", "",
		"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", 1,
		"Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", "
		"userhash=true, realm=\"api@example.org\", "
		"nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", uri=\"/doe.json\", "
		"response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", algorithm=SHA-512-256, "
		"qop=auth, nc=00000001, cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\""},
	/* RFC 2617 3.5 */
	{"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
		"Mufasa", "Circle Of Life", "GET", "/dir/index.html", "", "0a4f113b", 1,
		"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
		"response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth, nc=00000001, "
		"cnonce=\"0a4f113b\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
	/* by another implementation */
	{"Digest realm=\"sip.lab\", nonce=\"n1\"", "entente", "secret", "MESSAGE", "sip:juliet@sip.lab", "",
		"c1", 1,
		"Digest username=\"entente\", realm=\"sip.lab\", nonce=\"n1\", uri=\"sip:juliet@sip.lab\", "
		"response=\"29194f388269d69914f68516126e8b0e\", algorithm=MD5"},
	{"Digest realm=\"sip.lab\", nonce=\"n1\", qop=\"auth-int\"", "entente", "secret", "MESSAGE",
		"sip:juliet@sip.lab", "hello", "c1", 42,
		"Digest username=\"entente\", realm=\"sip.lab\", nonce=\"n1\", uri=\"sip:juliet@sip.lab\", "
		"response=\"8a2f24e28a773d10dbfd2457f5b86a65\", algorithm=MD5, qop=auth-int, "
		"nc=0000002a, cnonce=\"c1\""},
	{"Digest realm=\"sip.lab\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256-sess", "entente", "secret",
		"MESSAGE", "sip:juliet@sip.lab", "hello", "c1", 1,
		"Digest username=\"entente\", realm=\"sip.lab\", nonce=\"n1\", uri=\"sip:juliet@sip.lab\", "
		"response=\"6a72a9b7b60250c2cccca6365792aa536e6ebe8ffd9bdad9b3744e7760a05de1\", "
		"algorithm=SHA-256-sess, qop=auth, nc=00000001, cnonce=\"c1\""},
	{"Digest realm=\"sip.lab\", nonce=\"n1\", algorithm=MD5-sess", "entente", "secret", "MESSAGE",
		"sip:juliet@sip.lab", "", "c1", 1,
		"Digest username=\"entente\", realm=\"sip.lab\", nonce=\"n1\", uri=\"sip:juliet@sip.lab\", "
		"response=\"e3fa88867cb53f7dc5c78504f6963f54\", algorithm=MD5-sess, cnonce=\"c1\""},
	/* quotes and backslashes */
	{"Digest realm=\"the \\\"realm\\\"\", nonce=\"n\\\\1\", qop=\"auth\"", "a\"b", "pw", "REGISTER",
		"sip:x", "", "c1", 1,
		"Digest username=\"a\\\"b\", realm=\"the \\\"realm\\\"\", nonce=\"n\\\\1\", uri=\"sip:x\", "
		"response=\"acae8fdf22e4298a2ba066c3201f0c19\", algorithm=MD5, qop=auth, "
		"nc=00000001, cnonce=\"c1\""},
};
/* clang-format on */

static void challenges_are_answered(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct digest_request r = {
			.method = slice_of(answers[i].method),
			.uri = slice_of(answers[i].uri),
			.body = slice_of(answers[i].body),
			.user = slice_of(answers[i].user),
			.password = slice_of(answers[i].password),
			.cnonce = slice_of(answers[i].cnonce),
			.count = answers[i].count,
		};
		struct arena a = {0};
		struct buf out = {0};
		struct digest_challenge c;

		assert_int_equal(digest_challenge_read(&c, &a, slice_of(answers[i].challenge)),
			DIGEST_FINE);
		digest_answer(&out, &c, &r);
		assert_slice(buf_slice(&out), answers[i].answer);
		buf_done(&out);
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges_are_read),
		cmocka_unit_test(the_better_algorithm_wins),
		cmocka_unit_test(challenges_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
