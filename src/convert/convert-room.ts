import { newBuildRoom, type BuildRoom } from '../pipeline/build-room.ts';

/** What is left of the limits of files in another format, where they are those of one build: all of them share it. */
export interface ConvertRoom extends BuildRoom {
  /** Values, aliases counted at each place where they stand. */
  values: number;
  /** Characters that variables, references and conditions are written out to. */
  characters: number;
}

export const MOST_VALUES = 50_000;
export const MOST_CHARACTERS = 5_000_000;

export const newConvertRoom = (): ConvertRoom => ({
  ...newBuildRoom(),
  values: MOST_VALUES,
  characters: MOST_CHARACTERS,
});

/** A document that stands for more than is read, or than others have left of what is. */
export class TooManyValues extends Error {
  readonly what: string;
  readonly limit: number;

  constructor(what: string, limit: number) {
    super(what);
    this.what = what;
    this.limit = limit;
  }
}
