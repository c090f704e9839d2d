/** How a value is another one here, and what to do about it. */
export interface OtherValue {
  readonly how: string;
  readonly fix: string;
}
