#include "xml/chars.h"

#include <stdint.h>

#include "base/mem.h"

size_t xml_utf8_len(const unsigned char *p, size_t n)
{
	static const struct {
		uint8_t lead_min, lead_max, second_min, second_max, len;
	} form[] = {
  /* RFC 3629 section 4; the second byte is what rules out long forms and surrogates
  */
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(form); i++) {
		if (p[0] < form[i].lead_min || p[0] > form[i].lead_max)
			continue;
		if (n < form[i].len || p[1] < form[i].second_min || p[1] > form[i].second_max)
			return 0;
		for (size_t k = 2; k < form[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return form[i].len;
	}
	return 0;
}
