import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs, QueryId } from 'kysely';
import type { Store } from '../../../src/store/store.ts';

/**
 * A store in which a lease that has ended looks as if it held: the fence taken out, for the proof that the experiment
 * would notice. Only reads of a lease by its id are changed, which is how the fence asks.
 */
export function withoutFence(store: Store): Store {
  const plugin = new EndedLeasesHold();
  return {
    ...store,
    db: store.db.withPlugin(plugin),
    transaction: (work) => store.transaction((tx) => work({ ...tx, db: tx.db.withPlugin(plugin) })),
    grouped: (work) => store.grouped((tx) => work({ ...tx, db: tx.db.withPlugin(plugin) })),
    close: () => store.close(),
  };
}

class EndedLeasesHold implements KyselyPlugin {
  readonly #fenceReads = new WeakSet<QueryId>();

  transformQuery({ node, queryId }: PluginTransformQueryArgs) {
    const text = JSON.stringify(node);
    const asksById = /"name":"lease"/.test(text) && /"operator":"="/.test(text) && !text.includes('"is"');
    if (node.kind === 'SelectQueryNode' && asksById) this.#fenceReads.add(queryId);
    return node;
  }

  async transformResult({ queryId, result }: PluginTransformResultArgs) {
    if (!this.#fenceReads.has(queryId)) return result;
    return {
      ...result,
      rows: result.rows.map((row) => ('ended_at' in row ? { ...row, ended_at: null } : row)),
    };
  }
}
