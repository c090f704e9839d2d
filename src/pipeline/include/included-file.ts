import type { FileInput } from '../decode.ts';

/** A file that is included, wherever it is named. */
export interface IncludeRef {
  /** Null: of the repository that is built, at the commit of the build. */
  readonly origin: IncludeOrigin | null;
  /** From the top of its repository. */
  readonly file: string;
}

/** Another project of the server, at one commit. */
export interface IncludeOrigin {
  readonly project: string;
  /** 40 hex digits. */
  readonly commit: string;
}

/** What was found where a file should be. */
export type IncludedFile =
  | {
      readonly kind: 'file';
      readonly text: FileInput;
      /** What problems call it, where that is not {@link nameOf} it. */
      readonly name?: string;
    }
  | { readonly kind: 'missing' }
  /** It may not be read. `fix` is a sentence. */
  | { readonly kind: 'refused'; readonly cause: string; readonly fix: string }
  /** It could not be read; another time it may be. */
  | { readonly kind: 'unreachable'; readonly cause: string; readonly fix: string }
  /** It cannot be had where only a file is checked. */
  | { readonly kind: 'elsewhere'; readonly cause: string; readonly fix: string };

/** Whoever may write a link may not choose what it brings in. */
export const LINK: IncludedFile = {
  kind: 'refused',
  cause: 'it is a link, or below one',
  fix: 'Name the file itself.',
};

/** By {@link keyOf} what includes it. */
export type IncludedFiles = ReadonlyMap<string, IncludedFile>;

/** The same for the same file, and for no other. */
export function keyOf({ origin, file }: IncludeRef): string {
  return JSON.stringify(origin === null ? [file] : [origin.project, origin.commit, file]);
}

/** The same for the same commit of the same project. */
export function originKey({ project, commit }: IncludeOrigin): string {
  return `${project} ${commit}`;
}

/** What messages call it, e.g. `ci/steps.yml` or `team/shared@0123abcd:steps.yml`. */
export function nameOf({ origin, file }: IncludeRef): string {
  return origin === null ? file : `${origin.project}@${origin.commit.slice(0, 8)}:${file}`;
}
