export interface BuildReferenceView {
  readonly id: string;
  readonly number: number;
}
