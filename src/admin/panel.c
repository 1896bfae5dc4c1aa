#include "admin/admin_priv.h"
#include "admin/assets.h"

/*
 * The panel: its files, and its one page at every other path, which finds out by itself what the
 * path means. What it shows comes from the API.
 */
static const char no_panel[] =
	"<!doctype html>\n<html lang=\"en\">\n<title>Entente</title>\n"
	"<p>This build of Entente has no Control Panel. The command <code>entente</code> does all "
	"that it does, and so does the API at <a "
	"href=\"/api/v1/openapi.yaml\"><code>/api/v1</code></a>.</p>\n</html>\n";

static void plain(struct http_req *r, unsigned status, const char *text)
{
	struct buf body = {0};

	buf_str(&body, text);
	http_reply(r, status, "text/plain; charset=utf-8", &body);
}

/* "gzip", "br, gzip;q=0.5", "*"; not "gzip;q=0" (RFC 9110 12.5.3). */
static bool takes_gzip(const struct http_req *r)
{
	struct slice rest = http_header(r, "accept-encoding"), coding;

	while (slice_split(&rest, ',', &coding)) {
		size_t semicolon = slice_find(coding, ';');
		struct slice name = slice_trim(slice_cut(coding, semicolon));
		struct slice q = slice_trim(slice_from(coding, semicolon + 1));

		if (slice_ieq(name, SL("gzip")) || slice_eqz(name, "*"))
			return !slice_eqz(q, "q=0") && !slice_istarts(q, SL("q=0.0"));
	}
	return false;
}

/* Is this what the client has already? */
static bool is_known(const struct http_req *r, const struct asset *a)
{
	struct slice rest = http_header(r, "if-none-match"), tag;

	while (slice_split(&rest, ',', &tag)) {
		tag = slice_trim(tag);
		if (slice_starts(tag, SL("W/")))
			tag = slice_from(tag, 2);
		if (slice_eqz(tag, a->etag))
			return true;
	}
	return false;
}

static void serve(struct http_req *r, const struct asset *a)
{
	bool hashed =
		slice_starts(slice_of(a->path), SL("/assets/")); /* the name says what is in it */
	bool packed = a->gzip && takes_gzip(r);

	http_reply_header(r, "etag", a->etag);
	http_reply_header(r, "vary", "accept-encoding");
	http_reply_header(
		r, "cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
	if (is_known(r, a)) {
		http_reply(r, 304, NULL, NULL);
		return;
	}
	if (packed)
		http_reply_header(r, "content-encoding", "gzip");
	http_reply_still(r, 200, a->type,
		packed ? slice_make(a->gzip, a->gzip_n) : slice_make(a->bytes, a->n));
}

/* The page, with the nonce of this answer in it. */
static void serve_page(struct http_req *r)
{
	const struct asset *page = asset_find(SL("/index.html"));
	struct slice rest = page ? slice_make(page->bytes, page->n) : slice_of(no_panel);
	const char *nonce = http_nonce(r), *at;
	struct buf body = {0};

	while ((at = memmem(rest.p, rest.n, ASSET_NONCE, strlen(ASSET_NONCE)))) {
		size_t before = (size_t)(at - rest.p);

		buf_slice_add(&body, slice_cut(rest, before));
		buf_str(&body, nonce);
		rest = slice_from(rest, before + strlen(ASSET_NONCE));
	}
	buf_slice_add(&body, rest);
	http_reply(r, 200, "text/html; charset=utf-8", &body);
}

static void elsewhere(const struct admin *a, struct http_req *r)
{
	struct buf body = {0};

	buf_printf(&body, "This is %s; use that address.\n", a->url.text);
	http_reply(r, 421, "text/plain; charset=utf-8", &body);
}

void panel_request(void *arg, struct http_req *r)
{
	const struct admin *admin = arg;
	struct slice path = http_path(r), method = http_method(r);
	const struct asset *a = asset_find(path);

	if (slice_eqz(path, "/api") || slice_starts(path, SL("/api/"))) {
		call_begin(arg, r);
	} else if (!origin_host_is(&admin->url, http_header(r, "host"))) {
		elsewhere(admin, r);
	} else if (!slice_eqz(method, "GET") && !slice_eqz(method, "HEAD")) {
		http_reply_header(r, "allow", "GET");
		plain(r, 405, "only GET\n");
	} else if (a && !slice_eqz(path, "/index.html")) {
		serve(r, a);
	} else if (slice_starts(path, SL("/assets/"))) {
		plain(r, 404, "there is no such file\n");
	} else {
		serve_page(r);
	}
}
