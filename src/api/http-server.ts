import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import type { Express } from 'express';
import { TIMES } from '../../config/times.ts';
import type { Certificate } from '../tls/certificate.ts';
import { noteAnswers } from './end-http-server.ts';

export interface RequestTimes {
  /** For the head of a request. */
  readonly headMs: number;
  /** For all of it. */
  readonly requestMs: number;
  /** How often connections are looked at that may have taken longer. */
  readonly lookMs: number;
  /** For a connection on which nothing moves, in either direction. */
  readonly idleMs: number;
  /**
   * For a connection between two requests. A proxy in front that keeps it for longer sends a request into it just as it is
   * closed, and answers 502.
   */
  readonly keepAliveMs: number;
}

export const REQUEST_TIMES: RequestTimes = {
  headMs: TIMES.requestHead,
  requestMs: TIMES.request,
  lookMs: 5_000,
  idleMs: TIMES.idleConnection,
  keepAliveMs: TIMES.keepAlive,
};

/**
 * The HTTP server of an app, not listening yet. Whoever sends a request too slowly is answered 408 and cut off;
 * whoever takes nothing of an answer is cut off.
 */
export function createHttpServer(app: Express, times: RequestTimes = REQUEST_TIMES): Server {
  const server = createServer(optionsOf(times));
  serve(server, app, times);
  return server;
}

/** The same over TLS 1.2 and later. */
export function createHttpsServer(
  app: Express,
  certificate: Certificate,
  times: RequestTimes = REQUEST_TIMES,
): HttpsServer {
  const options = { ...optionsOf(times), ...contextOf(certificate), handshakeTimeout: times.headMs };
  const server = createTlsServer(options);
  serve(server, app, times);
  return server;
}

function serve(server: Server | HttpsServer, app: Express, { idleMs }: RequestTimes): void {
  noteAnswers(server);
  server.on('request', (request, response) => void app(request, response));
  server.setTimeout(idleMs);
}

/** New connections get this certificate from now on; those that are open keep theirs and go on. */
export function useCertificate(server: HttpsServer, certificate: Certificate): void {
  server.setSecureContext(contextOf(certificate));
}

function optionsOf(times: RequestTimes): ServerOptions {
  return {
    headersTimeout: times.headMs,
    requestTimeout: times.requestMs,
    connectionsCheckingInterval: times.lookMs,
    keepAliveTimeout: times.keepAliveMs,
  };
}

const contextOf = ({ chain, key }: Certificate) => ({ cert: chain, key, minVersion: 'TLSv1.2' }) as const;
