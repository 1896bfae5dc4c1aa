#include "admin/assets.h"

const struct asset *asset_find(struct slice path)
{
	size_t low = 0, high = assets_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = slice_cmp(path, slice_of(assets[middle].path));

		if (order == 0)
			return &assets[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
