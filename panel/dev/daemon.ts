/**
 * For `npm run dev` only: passes /api to the unix socket of a running entented (ENTENTE_SOCKET).
 *
 * The socket knows its caller by the kernel's word and needs no sign-in. An entented that has no
 * sessions yet answers 404 to /session: then the caller is shown as an administrator, here and
 * nowhere in the product.
 */
import { request, type ServerResponse } from 'node:http';
import type { Plugin } from 'vite';

const everyRight = [
  'partner', 'domain', 'route', 'policy', 'grant', 'gateway', 'access', 'allow', 'stream', 'certificate',
  'admin', 'role', 'token', 'directory', 'audit', 'generation', 'export', 'status', 'bodies',
].flatMap((kind) => [`${kind}.read`, `${kind}.write`]).concat(
  ['stream.close', 'test.run', 'config.change', 'certificate.reload', 'generation.restore']);

function answerAsAdministrator(res: ServerResponse) {
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify({
    name: 'developer', display: 'Developer', source: 'socket', way: 'cli', roles: ['administrator'],
    rights: everyRight, csrf: '', idle_expires: null, expires: null, must: null, body_logging: false,
  }));
}

export function daemon(socketPath: string): Plugin {
  return {
    name: 'entente-daemon',
    configureServer(server) {
      server.middlewares.use((req, res, next) => {
        const url = req.url ?? '';
        if (!url.startsWith('/api/')) return next();
        const headers = { ...req.headers, host: 'localhost' } as Record<string, string | string[] | undefined>;
        // What a browser adds; over the socket it says nothing.
        for (const name of ['origin', 'referer', 'cookie', 'connection']) delete headers[name];
        const up = request({ socketPath, path: url, method: req.method, headers }, (answer) => {
          if (url === '/api/v1/session' && answer.statusCode === 404) {
            answer.resume();
            answerAsAdministrator(res);
            return;
          }
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          res.flushHeaders();
          answer.pipe(res);
        });
        up.on('error', () => {
          if (!res.headersSent) res.writeHead(502);
          res.end();
        });
        res.on('close', () => up.destroy());
        req.pipe(up);
      });
    },
  };
}
