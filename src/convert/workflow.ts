import type { ForeignDocument, ForeignFile } from './open-file.ts';
import { entry } from './out.ts';
import type { OutMap } from './out.ts';

/** A workflow that was read, before it is written. */
export interface ReadWorkflow {
  readonly name: string;
  readonly out: OutMap;
  readonly file: ForeignFile;
  readonly document: ForeignDocument;
  /** Which call of another file it is of; empty or absent: of none. */
  readonly scope?: string;
}

/** A file of another format never builds the repository's Dockerfile: its steps name their images. */
export const NO_IMAGE = entry('image', 'none');
