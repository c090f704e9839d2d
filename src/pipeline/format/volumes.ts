import type { Format } from '../shape/scalar.ts';
import { tidyPath } from './paths.ts';

/** A named volume and where it is mounted, `name:/path`. */
export const volume: Format<{ readonly name: string; readonly path: string }> = {
  phrase: 'a named volume such as `uploads:/data`',
  blank: { name: '', path: '' },
  parse: (text) => {
    const [, name, path] = /^([a-z0-9][a-z0-9_.-]{0,63}):(\/[^\p{Cc}:]{1,255})$/u.exec(text) ?? [];
    if (name === undefined || path === undefined || path.split('/').includes('..')) return null;
    const clean = `/${tidyPath(path)}`;
    return clean === '/' ? null : { name, path: clean };
  },
  json: { type: 'string', pattern: '^[a-z0-9][a-z0-9_.-]{0,63}:/[^:]+$' },
};

/** A volume of steps and services, `name:/path`, perhaps with `:ro`. */
export interface StepVolume {
  /** A name, or a path of a host, of which check-volumes.ts says whether it may be asked for. */
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** Paths of Slipway and of the engine, which writes its own files of `/etc` into each container. */
const TAKEN =
  /^\/(?:workspace(?:\/\.git(?:\/.*)?)?|(?:proc|sys|dev|\.slipway(?:-split)?|etc\/(?:hosts|hostname|resolv\.conf))(?:\/.*)?)?$/;

export const stepVolume: Format<StepVolume> = {
  phrase:
    'a volume such as `cache:/cache`, `cache:/cache:ro` or `/srv/ca:/srv/ca:ro`, not at `/`, `/workspace`, `/proc`, `/sys`, `/dev`, `/.slipway`, or a file of the engine such as `/etc/hosts`',
  blank: { source: '', path: '', readOnly: false },
  parse: (text) => {
    const [, source, path = '', mode] =
      /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|[/.~][^\p{Cc}:]{0,1023}):(\/[^\p{Cc}:]{1,255})(?::(ro|rw))?$/u.exec(
        text,
      ) ?? [];
    const clean = `/${tidyPath(path)}`;
    if (source === undefined || TAKEN.test(clean) || clean.split('/').includes('..')) return null;
    return { source, path: clean, readOnly: mode === 'ro' };
  },
  json: { type: 'string', pattern: '^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|/[^:]{1,1023}):/[^:]+(:r[ow])?$' },
};
