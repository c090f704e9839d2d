import type { DeliveryView } from '../core/views/delivery-view.ts';
import type { Page } from '../core/views/page.ts';
import { callServer, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { ago, oneLine, paint, table } from './print.ts';

const deliveries: ServerCommand = {
  usage: `slipway deliveries [--limit N]
       slipway deliveries replay <delivery>`,
  arguments: [0, 2],
  fields: { limit: { option: 'limit' } },
  options: { limit: { type: 'string', short: 'n' } },
  run: async ({ api, positionals: [verb, id], values, say }) => {
    if (verb === 'replay' && id !== undefined) {
      await api.request('POST', `/deliveries/${segment(id)}/replay`);
      say(`${id} is processed again`);
      return 0;
    }
    if (verb !== undefined) throw new UsageError(`there is no "deliveries ${verb}" with these arguments`);
    const limit = typeof values['limit'] === 'string' ? values['limit'] : '20';
    const page = await api.request<Page<DeliveryView>>('GET', `/deliveries?limit=${segment(limit)}`);
    say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)) || 'no deliveries yet');
    return 0;
  },
};

/** `slipway deliveries`. Gives the exit status. */
export const deliveriesCommand = (argv: readonly string[]): Promise<number> => callServer(deliveries, argv);

const STYLE = {
  received: 'yellow',
  built: 'green',
  ignored: 'dim',
  blocked: 'yellow',
  failed: 'red',
} as const;

function row(one: DeliveryView): readonly string[] {
  return [
    one.id,
    paint(STYLE[one.outcome], one.outcome),
    oneLine([one.event, one.action].filter(Boolean).join(' '), 30),
    oneLine(one.repository ?? '', 40),
    ago(one.receivedAtMs),
    paint('dim', oneLine(one.reason ?? one.buildIds.join(' '), 100)),
  ];
}
