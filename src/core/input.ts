/** What a pipeline file asks for when a build is started by hand. */
export interface Input {
  readonly name: string;
  readonly type: InputType;
  /** One sentence for who is asked; null: none. */
  readonly description: string | null;
  /** A build by hand needs a value that is not empty; the default is one. */
  readonly required: boolean;
  /** Stands where no value is given, in builds of every event; null: the variable is not set. */
  readonly default: string | null;
  /** Of a choice, in the file's order; else empty. */
  readonly options: readonly string[];
  /** Of a text: a pattern of RE2 that matches anywhere in it; null: any text. */
  readonly pattern: string | null;
  /** Of a number; null: no bound. */
  readonly min: number | null;
  readonly max: number | null;
}

export type InputType = 'string' | 'boolean' | 'number' | 'choice';

/** Input → value, as text. */
export type InputValues = Readonly<Record<string, string>>;

export const INPUT_LIMITS = {
  inputs: 64,
  valueCharacters: 1_024,
  /** Of all patterns of a file, each repetition written out. */
  patternCharacters: 5_000,
} as const;

/** The variable that holds an input: `dry-run` is `CI_INPUT_DRY_RUN`. */
export function inputVariable(name: string): string {
  return `CI_INPUT_${name.toUpperCase().replaceAll('-', '_')}`;
}
