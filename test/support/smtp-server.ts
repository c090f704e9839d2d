import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail that came in. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Head and body as they were sent. */
  readonly text: string;
  readonly encrypted: boolean;
  readonly user: string | null;
}

export interface TestSmtpServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  close(): Promise<void>;
}

/**
 * A mail server on this machine.
 * @param refuse Answers a recipient with this SMTP status, e.g. 550; null takes it.
 */
export async function startSmtpServer(
  options: SMTPServerOptions = {},
  refuse: (address: string) => number | null = () => null,
): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    ...options,
    onRcptTo: ({ address }, _session, done) => {
      const status = refuse(address);
      done(status === null ? null : Object.assign(new Error('not here'), { responseCode: status }));
    },
    onData: (stream, { envelope, secure, user }, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        mails.push({
          from: envelope.mailFrom === false ? '' : (envelope.mailFrom?.address ?? ''),
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(parts).toString(),
          encrypted: secure,
          user: typeof user === 'string' ? user : null,
        });
        done(null);
      });
    },
  });
  server.on('error', () => undefined); // a client that does not trust its certificate
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
