import type { StreamMessage } from '../core/views/stream-message.ts';
import { ApiError, type ApiClient } from './api-client.ts';

/**
 * The messages of `/api/v1/stream` with the given query, for ever: when the connection breaks it is opened again
 * and goes on where it was. @throws ApiError when the server refuses, or has been away for a minute.
 */
export async function* serverEvents(
  api: ApiClient,
  query: string,
): AsyncGenerator<StreamMessage, never, void> {
  let lastId = '';
  for (let failures = 0; ; failures++) {
    try {
      const response = await api.open(`/stream?${query}`, lastId === '' ? {} : { 'last-event-id': lastId });
      for await (const event of events(response)) {
        failures = 0;
        lastId = /^id: (.*)$/m.exec(event)?.[1] ?? lastId;
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) yield JSON.parse(data) as StreamMessage;
      }
    } catch (error) {
      if (error instanceof ApiError && (error.status !== 0 || failures > 60)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function* events(response: Response): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of response.body ?? []) {
    const all = (text + decoder.decode(part, { stream: true })).split('\n\n');
    text = all.pop() ?? '';
    yield* all;
  }
}
