/** A value of the file with its variables: text and `${…}` in turn. */
export type Template = readonly Part[];
export type Part = string | Variable;

export interface Variable {
  readonly name: string;
  /** As the file has it, e.g. `${CI_COMMIT_TAG#v}`. */
  readonly source: string;
  readonly operation: Operation;
}

/** What a form of the shell does with a variable. `emptyToo`: with `:`, empty counts as not set. */
export type Operation =
  | { readonly kind: 'value' }
  | { readonly kind: 'length' }
  | {
      readonly kind: 'default' | 'assign' | 'required' | 'alternative';
      readonly emptyToo: boolean;
      readonly word: Template;
    }
  | {
      readonly kind: 'trim';
      readonly side: 'start' | 'end';
      readonly longest: boolean;
      readonly pattern: Template;
    }
  | {
      readonly kind: 'replace';
      readonly where: 'first' | 'all' | 'start' | 'end';
      readonly pattern: Template;
      readonly by: Template;
    }
  | { readonly kind: 'slice'; readonly from: number; readonly length: number | null }
  | {
      readonly kind: 'case';
      readonly to: 'upper' | 'lower';
      readonly all: boolean;
      readonly pattern: Template | null;
    };

export type ParsedTemplate =
  | { readonly template: Template; readonly wrong: null }
  | { readonly template: null; readonly wrong: WrongTemplate };

/** Which `${…}` cannot be read, as far as it goes, and why. */
export interface WrongTemplate {
  readonly source: string;
  readonly cause: string;
}

/** Names of the variables, those inside of words and patterns too, each once. */
export function variablesOf(template: Template): readonly string[] {
  const names = new Set<string>();
  const collect = (parts: Template): void => {
    for (const part of parts) {
      if (typeof part === 'string') continue;
      names.add(part.name);
      for (const inner of innerOf(part.operation)) collect(inner);
    }
  };
  collect(template);
  return [...names];
}

function innerOf(operation: Operation): readonly Template[] {
  switch (operation.kind) {
    case 'value':
    case 'length':
    case 'slice':
      return [];
    case 'default':
    case 'assign':
    case 'required':
    case 'alternative':
      return [operation.word];
    case 'trim':
      return [operation.pattern];
    case 'replace':
      return [operation.pattern, operation.by];
    case 'case':
      return operation.pattern === null ? [] : [operation.pattern];
  }
}
