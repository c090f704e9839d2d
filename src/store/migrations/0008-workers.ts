/**
 * What places builds on workers of other hosts: the labels of a worker and those that its token allows, the labels that a
 * workflow wants, whether a worker drains (since when), and what its process speaks and is.
 */
export const workers: readonly string[] = [
  `alter table worker add column draining_since bigint`,
  `alter table worker add column protocol bigint`,
  `alter table worker add column program text`,
  `alter table worker add column labels_json text not null default '{}'`,
  `alter table worker add column token_labels_json text not null default '{}'`,
  `alter table workflow add column labels_json text not null default '{}'`,
];
