import nodemailer from 'nodemailer';
import type { Mailer } from '../ports/mailer.ts';

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: demanded before anything else is said; `tls`: from the first byte; `none`: in the clear. */
  readonly tls: 'starttls' | 'tls' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
  /** The sender, `ci@example.com` or `Slipway <ci@example.com>`. */
  readonly from: string;
  /** Certificate authorities in PEM; null: the system's. */
  readonly ca: string | null;
}

const CONNECT_MS = 10_000;
const SILENT_MS = 30_000;

/** Mail by SMTP; a connection for each message. */
export function createSmtpMailer({ host, port, tls, login, from, ca }: SmtpSettings): Mailer {
  const transport = nodemailer.createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    ...(ca === null ? {} : { tls: { ca } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? 'slipway';
  return {
    send: async ({ to, subject, text, id }, signal) => {
      try {
        const { response } = await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          // RFC 3834: nobody's absence note answers it.
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
        return { state: 'done', detail: `${host} took it: ${response.slice(0, 200)}` };
      } catch (error) {
        return refusal(host, error);
      }
    },
  };
}

/** An answer of 5xx is for good (RFC 5321, 4.2.1), and so is a login that is not taken: trying on may lock it. */
function refusal(host: string, error: unknown): { state: 'failed' | 'retry'; reason: string } {
  const { code, responseCode, message } = error as Error & { code?: string; responseCode?: number };
  const isFinal = code === 'EAUTH' || (responseCode !== undefined && responseCode >= 500);
  return { state: isFinal ? 'failed' : 'retry', reason: `${host}: ${message.slice(0, 300)}` };
}
