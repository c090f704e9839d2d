/** How often it was begun to plan a build; see `BuildTable`. */
export const planAttempts: readonly string[] = [
  `alter table build add column plan_attempts bigint not null default 0`,
];
