import type { Foreign } from './foreign.ts';

/** Gives each name once: what is taken gets a number behind it. */
export function uniqueNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted.slice(0, 60)}-${number}`;
    taken.add(name);
    return name;
  };
}

/** A name as a host name of a service: a-z, 0-9, `-` and `_`. */
export function hostNameOf(name: string): string {
  const host = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, 63)
    .replace(/^[-_]+|[-_]+$/g, '');
  return host === '' ? 'service' : host;
}

/**
 * A name as a pipeline file has it: what would be read as a variable there stands for itself.
 * @param isVariable Names of variables that the file it comes from replaces, too.
 */
export function nameText(name: string, isVariable: (name: string) => boolean = () => false): string {
  return name.replaceAll(/\$\{(\w+)\}|\$(?=[${])/g, (form: string, variable?: string) =>
    variable !== undefined && isVariable(variable) ? form : `$${form}`,
  );
}

/** A name as a workflow may have it: its file is called so. */
export function workflowNameOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, 60)
    .replace(/^[-._]+|[-._]+$/g, '');
  return slug === '' ? 'default' : slug;
}

/** Whether it can be the name of a variable. */
export function isVariable(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** Whether a value is a truth value that says yes, in the words of YAML 1.1. */
export function isTrue(value: Foreign): boolean {
  return /^(?:true|yes|on|y)$/i.test(value.peek());
}

/** Whether it says no. */
export function isFalse(value: Foreign): boolean {
  return /^(?:false|no|off|n)$/i.test(value.peek());
}
