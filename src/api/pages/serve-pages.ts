import path from 'node:path';
import express, { type Request, type RequestHandler } from 'express';

const YEAR_SECONDS = 365 * 24 * 3_600;

/** The bundled pages: files with a hash in their name are kept by the browser, everything else is asked for again. */
export function servePages(webRoot: string): readonly RequestHandler[] {
  return [serveFiles(webRoot), servePage(webRoot)];
}

function serveFiles(webRoot: string): RequestHandler {
  const handler = express.static(webRoot, {
    index: false,
    redirect: false,
    setHeaders: (response, file) => {
      const isHashed = path.relative(webRoot, file).startsWith('assets/');
      response.setHeader(
        'cache-control',
        isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
      );
    },
  });
  return function pageFiles(request, response, next) {
    void handler(request, response, next);
  };
}

/** Every address that a browser opens is the one page, which finds its way by itself; its start is that for everybody. */
function servePage(webRoot: string): RequestHandler {
  return function page(request, response, next) {
    if (!isStart(request) && !isBrowsed(request)) return next();
    response.setHeader('cache-control', 'no-cache');
    response.sendFile('index.html', { root: webRoot, cacheControl: false }, (error) => {
      if (error !== undefined) next();
    });
  };
}

function isStart({ method, path: address }: Request): boolean {
  return (method === 'GET' || method === 'HEAD') && address === '/';
}

function isBrowsed(request: Request): boolean {
  const isPage = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
  return isPage && path.extname(request.path) === '';
}
