#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "xmpp/dialback.h"

#define Z(s) slice_of(s)
#define S50  "ssssssssssssssssssssssssssssssssssssssssssssssssss"

/* clang-format off */
static const struct {
	const char *secret, *receiving, *originating, *id, *key;
} vectors[] = {
	/* XEP-0185 2 */
	{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
		"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"},
	{"s3cr3tf0rd14lb4ck", "montague.example", "capulet.example", "D60000229F",
		"b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"},
	{"d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25",
		"225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d"},
	/* Made with Python's hmac: U-labels as they are; a long secret and an empty id. */
	{"x", "b\xc3\xbc" "cher.lab", "sip.lab", "1",
		"197f0b55f9665321282091325a3d42fbc5f0af0f888fedddd8e2075511f95d7f"},
	{S50 S50 S50 S50 S50 S50, "a", "b", "",
		"8058920ccd304425b0c4f9c37124ef5ed3e5b0a5c3a99992dcf2a99531a40d8f"},
};
/* clang-format on */

static void keys(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct dialback_secret s;
		char key[DIALBACK_KEY_SIZE];

		dialback_secret_make(&s, Z(vectors[i].secret));
		dialback_key(&s, Z(vectors[i].receiving), Z(vectors[i].originating),
			Z(vectors[i].id), key);
		assert_string_equal(key, vectors[i].key);
		assert_true(dialback_key_is(&s, Z(vectors[i].receiving), Z(vectors[i].originating),
			Z(vectors[i].id), Z(key)));
	}
}

/* The digits of SHA-256 of the secret, in lower case. */
static void secrets(void **state)
{
	struct dialback_secret s;

	dialback_secret_make(&s, SL("s3cr3tf0rd14lb4ck"));
	assert_string_equal(
		s.hex, "a7136eb1f46c9ef18c5e78c36ca257067c69b3d518285f0b18a96c33beae9acc");
}

/* Whatever is changed, the key is another one. */
static void what_a_key_is_for(void **state)
{
	static const char right[] =
		"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643";
	static const struct {
		const char *secret, *receiving, *originating, *id, *key;
		bool is;
	} cases[] = {
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F", right, true},
		{"s3cr3tf0rd14lb4cK", "xmpp.example.com", "example.org", "D60000229F", right,
			false},
		{"s3cr3tf0rd14lb4ck", "example.org", "xmpp.example.com", "D60000229F", right,
			false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229E", right,
			false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "", right, false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F", "", false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
			"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b8932307564", false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
			"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b893230756433",
			false},
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
			"37C69B1CF07A3F67C04A5EF5902FA5114F2C76FE4A2686482BA5B89323075643", false},
		/* Only white space around it does not count. */
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
			"\n  37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643\t",
			true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dialback_secret s;

		dialback_secret_make(&s, Z(cases[i].secret));
		if (dialback_key_is(&s, Z(cases[i].receiving), Z(cases[i].originating),
			    Z(cases[i].id), Z(cases[i].key)) != cases[i].is)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(secrets),
		cmocka_unit_test(what_a_key_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
