import examples from '@octokit/webhooks-examples';

interface Example {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}

/** Every payload of `@octokit/webhooks-examples`; `index` counts those of one event. */
export const allPayloads = (examples as unknown as readonly Example[]).flatMap(({ name, examples }) =>
  examples.map((payload, index) => ({ name, index, payload })),
);

/** @throws Error when there is no such example. */
export function payloadOf(name: string, index: number): Record<string, unknown> {
  const found = allPayloads.find((example) => example.name === name && example.index === index);
  if (found === undefined) throw new Error(`there is no example ${name} ${index}`);
  return found.payload;
}
