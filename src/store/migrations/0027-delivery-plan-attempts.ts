/** How often a delivery was begun again after the life of a server that had begun it; see `DeliveryTable`. */
export const deliveryPlanAttempts: readonly string[] = [
  `alter table delivery add column plan_attempts bigint not null default 0`,
];
