/** What the engine's push stream has said so far. The stream is an HTTP 200 even when the push fails. */
export interface PushMessages {
  /** Takes one line of the stream. Returns what a person should read of it, or null. */
  readLine(line: string): string | null;
  /** The manifest's digest, once it is known. */
  readonly digest: string | null;
  /** The failure told inside of the stream. */
  readonly error: string | null;
  /** Whether the layer's bytes travelled; layers are named by the first 12 digits of their (diff) id. */
  travelled(layer: string): boolean;
  /** Bytes of the layers under way and done, as far as the engine says; uncompressed. */
  readonly progress: { readonly current: number; readonly total: number };
}

interface Message {
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly aux?: { readonly Digest?: string };
}

/** States of a layer that was there already, so that nothing of it travelled. */
const REUSED = /^(Layer already exists|Mounted from )/;
const ENDS = /^(Pushed|Layer already exists|Mounted from )/;

export function readPushMessages(): PushMessages {
  const reused = new Set<string>();
  const layers = new Map<string, { current: number; total: number }>();
  let digest: string | null = null;
  let error: string | null = null;
  return {
    readLine: (line) => {
      if (line.trim() === '') return null;
      const message = JSON.parse(line) as Message;
      error = message.error ?? error;
      digest = message.aux?.Digest ?? digest;
      const { id, status = '', progressDetail: detail } = message;
      if (id === undefined || message.error !== undefined) return null;
      if (detail?.current !== undefined)
        layers.set(id, { current: detail.current, total: detail.total ?? detail.current });
      if (REUSED.test(status)) reused.add(id);
      return ENDS.test(status) ? `${id}: ${status.replace(/ slipway-staging\//, ' ')}` : null;
    },
    get digest() {
      return digest;
    },
    get error() {
      return error;
    },
    travelled: (layer) => !reused.has(shortId(layer)),
    get progress() {
      const all = [...layers.values()];
      const sum = (pick: (layer: { current: number; total: number }) => number): number =>
        all.reduce((total, layer) => total + pick(layer), 0);
      return { current: sum(({ current }) => current), total: sum(({ total }) => total) };
    },
  };
}

/** As the engine abbreviates ids: `sha256:` off, 12 digits. */
function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
