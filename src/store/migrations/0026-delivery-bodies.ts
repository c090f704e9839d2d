/** Which signed bodies have come, beyond the life of their deliveries; see `DeliveryBodyTable`. */
export const deliveryBodies: readonly string[] = [
  `create table delivery_body (
    digest text primary key,
    delivery_id text not null,
    received_at bigint not null,
    repeats bigint not null default 0
  )`,
  `create index delivery_body_age on delivery_body (received_at)`,
];
