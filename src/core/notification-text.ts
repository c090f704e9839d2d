import type { NotificationMessage } from './notification.ts';

/** A message as an e-mail tells it: a subject of one line, and plain text. */
export function textOf(
  message: NotificationMessage,
  publicUrl: string,
): { readonly subject: string; readonly text: string } {
  const lines = [
    `${sentenceOf(message)}.`,
    message.deployment?.reason ?? message.build?.reason ?? null,
    '',
    ...(message.build === null
      ? []
      : [
          `${message.build.commit.slice(0, 12)} ${message.build.message}`,
          `by ${message.build.author}, ${message.build.ref}`,
          '',
        ]),
    `${publicUrl}${message.path}`,
    '',
  ].filter((line) => line !== null);
  return { subject: oneLine(`[${message.project}] ${sentenceOf(message)}`), text: lines.join('\n') };
}

function sentenceOf({ event, build, deployment }: NotificationMessage): string {
  const number = build === null ? 'a removed build' : `#${build.number}`;
  if (deployment !== null) {
    const { environment, cause } = deployment;
    const what = cause === 'rollback' ? 'rolled back to' : 'deployed';
    return event === 'deployment.done'
      ? `${environment}: ${what} ${number}`
      : `${environment}: ${number} was not ${what}, it ended with ${deployment.status}`;
  }
  if (event === 'test' || build === null) return 'This is a test: notifications reach you';
  const name = `Build ${number} of ${build.ref}`;
  if (event === 'build.failed') return `${name} failed`;
  if (event === 'build.recovered') return `${name} succeeds again`;
  return `${name} ended: ${build.status}`;
}

function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
