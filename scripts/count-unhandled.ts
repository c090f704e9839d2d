import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';

/** Writes how many errors nobody handled beside the JSON report, which is silent about them. */
export default class CountUnhandled implements Reporter {
  #file: string | null = null;

  onInit({ config }: Vitest): void {
    const { outputFile } = config;
    this.#file = (typeof outputFile === 'object' ? outputFile['json'] : outputFile) ?? null;
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    if (this.#file !== null) writeFileSync(`${this.#file}.unhandled`, String(errors.length));
  }
}
