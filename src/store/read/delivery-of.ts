import { sql, type RawBuilder } from 'kysely';

/**
 * In a query of `build`: the delivery that made it, also where it was the second build of that; null where a person
 * made it, by "run now" or by running another build again.
 */
export function deliveryOfBuild(): RawBuilder<string | null> {
  return sql<string | null>`coalesce(build.delivery_id,
    (select min(delivery_build.delivery_id) from delivery_build where delivery_build.build_id = build.id))`;
}
