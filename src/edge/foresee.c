#include "edge/edge_priv.h"
#include "edge/outbound.h"
#include "edge/verify.h"
#include "view/streams.h"

static enum edge_refusal kept(struct stream *s, const struct snapshot *snapshot)
{
	if (s->inbound)
		return inbound_kept(s, snapshot);
	if (s->verifies)
		return verify_kept(s, snapshot) ? EDGE_OK : EDGE_SETTINGS_CHANGED;
	return outbound_kept(outbound_of(s), snapshot);
}

void edge_foresee(struct edge *e, const struct snapshot *snapshot, struct view_streams *ret)
{
	list_each(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		s->foreseen = s->end.closing || s->ended ? EDGE_OK : kept(s, snapshot);
	}
	place_foresee(e, snapshot);
	list_each(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (s->foreseen != EDGE_OK) {
			view_stream_row(ret, s, false);
			ret->v[ret->n - 1].error = slice_of(edge_refusal_name(s->foreseen));
		}
		s->foreseen = EDGE_OK;
	}
}
