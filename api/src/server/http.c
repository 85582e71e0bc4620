/* The HTTP server: h2o on our loop, HTTP/1.1 only, loopback only (HAProxy is before it). */
#include "server/api.h"
#include "server/linger.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

struct api_http {
	struct api *api;
	uv_tcp_t listener;
	h2o_globalconf_t config;
	h2o_context_t ctx;
	h2o_accept_ctx_t accept;
	int64_t clients;
};

struct handler {
	h2o_handler_t super;
	struct api_http *http;
};

static int on_req(h2o_handler_t *self, h2o_req_t *h2o)
{
	struct api_http *http = ((struct handler *)self)->http;
	struct api_req *req = api_req_alloc(http->api, h2o);
	if (!req) {
		h2o_send_error_400(h2o, "Bad Request", "the path is malformed", 0);
		return 0;
	}
	api_count(requests);
	zj_ref(req); /* for the length of this call: an answer may end the request */
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	api_route(req);
	zj_log_with(before);
	zj_deref(req);
	return 0;
}

/* What h2o itself refuses (too large, malformed) gets the same form as our own refusals. */
struct refusal {
	h2o_ostream_t super;
	h2o_iovec_t body;
};

static void refusal_send(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs ZJ_UNUSED, size_t n ZJ_UNUSED,
			 h2o_send_state_t state)
{
	struct refusal *r = (struct refusal *)self;
	h2o_ostream_send_next(&r->super, req, &r->body, 1, state);
}

static void on_setup_ostream(h2o_filter_t *self ZJ_UNUSED, h2o_req_t *req, h2o_ostream_t **slot)
{
	ssize_t type = req->res.status < 400 ? -1 : h2o_find_header(&req->res.headers, H2O_TOKEN_CONTENT_TYPE, -1);
	if (req->res.status < 400 ||
	    (type >= 0 && !h2o_memis(req->res.headers.entries[type].value.base, 10, H2O_STRLIT("text/plain")))) {
		h2o_setup_next_ostream(req, slot);
		return;
	}
	char id[ZJ_UUID_SIZE];
	struct res_problem p = {0};
	zj_uuid7(id);
	res_problem_set(&p, req->res.status == 413 ? RES_P_TOO_LARGE : RES_P_REQUEST, "%s",
			req->res.status == 413 ? "the body is larger than max_body allows"
					       : "the request is malformed");
	char *text = res_problem_text(&p, id);
	zj_warn("http", "refused by the parser status=%d request=%s", req->res.status, id);
	api_count(problems);
	h2o_set_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, H2O_STRLIT("application/problem+json"),
		       1);
	struct refusal *r = (void *)h2o_add_ostream(req, sizeof(*r), slot);
	r->super.do_send = refusal_send;
	r->body = h2o_strdup(&req->pool, text ? text : "{}", SIZE_MAX);
	req->res.content_length = r->body.len;
	free(text);
	if (req->res.status == 413)
		api_linger(req->conn->ctx->loop, h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn)));
	slot = &r->super.next;
	h2o_setup_next_ostream(req, slot);
}

static void on_client_gone(void *arg)
{
	struct api_http *http = arg;
	zj_metric_set(&api_metrics[API_M_clients], --http->clients);
}

static void on_accept(uv_stream_t *listener, int status)
{
	struct api_http *http = listener->data;
	uv_tcp_t *tcp = status == 0 ? malloc(sizeof(*tcp)) : NULL;
	if (!tcp)
		return;
	uv_tcp_init(listener->loop, tcp);
	if (uv_accept(listener, (uv_stream_t *)tcp) != 0 || http->clients >= http->api->conf.max_clients) {
		if (http->clients >= http->api->conf.max_clients)
			zj_warn("http", "a client was turned away: max_clients=%lld are connected",
				(long long)http->clients);
		uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
		return;
	}
	uv_tcp_nodelay(tcp, 1);
	h2o_socket_t *sock = h2o_uv_socket_create((uv_stream_t *)tcp, (uv_close_cb)free);
	sock->on_close.cb = on_client_gone;
	sock->on_close.data = http;
	zj_metric_set(&api_metrics[API_M_clients], ++http->clients);
	h2o_accept(&http->accept, sock);
}

static void add_to(struct api_http *http, h2o_pathconf_t *path)
{
	struct handler *handler = (void *)h2o_create_handler(path, sizeof(*handler));
	handler->super.on_req = on_req;
	handler->http = http;
	h2o_filter_t *filter = h2o_create_filter(path, sizeof(*filter));
	filter->on_setup_ostream = on_setup_ostream;
}

int api_http_alloc(struct api_http **hp, struct api *api)
{
	struct sockaddr_in sa;
	struct api_http *http = calloc(1, sizeof(*http));
	if (!http)
		return ENOMEM;
	http->api = api;
	h2o_config_init(&http->config);
	http->config.server_name = h2o_iovec_init(H2O_STRLIT("zongji"));
	http->config.max_request_entity_size = (size_t)api->conf.max_body;
	http->config.http1.req_timeout = (uint64_t)api->conf.request_timeout_s * 1000;
	http->config.http1.upgrade_to_http2 = 0;
	h2o_hostconf_t *host = h2o_config_register_host(&http->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
	add_to(http, h2o_config_register_path(host, "/", 0));
	add_to(http, &host->fallback_path);
	h2o_context_init(&http->ctx, api->loop, &http->config);
	http->accept.ctx = &http->ctx;
	http->accept.hosts = http->config.hosts;
	uv_tcp_init(api->loop, &http->listener);
	http->listener.data = http;
	int err = uv_ip4_addr(api->conf.listen, (int)api->conf.port, &sa);
	if (!err)
		err = uv_tcp_bind(&http->listener, (struct sockaddr *)&sa, 0);
	if (!err)
		err = uv_listen((uv_stream_t *)&http->listener, 1024, on_accept);
	*hp = http;
	return err ? -err : 0;
}

/* The process is about to end: open connections end with it. */
void api_http_close(struct api_http *http)
{
	if (http && !uv_is_closing((uv_handle_t *)&http->listener))
		uv_close((uv_handle_t *)&http->listener, NULL);
}
