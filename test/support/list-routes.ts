import type { Express } from 'express';

/** A method and path of express's own router, with what stands in its handlers. */
export interface ListedRoute {
  readonly method: string;
  readonly path: string;
  readonly handlers: readonly unknown[];
}

export interface ListedLayer {
  readonly name: string;
  readonly route?: {
    readonly path: string;
    readonly methods: Readonly<Record<string, boolean>>;
    readonly stack: readonly { readonly handle: unknown }[];
  };
}

/** Every layer of an app, in order. */
export function layersOf(app: Express): readonly ListedLayer[] {
  return (app as Express & { router: { stack: ListedLayer[] } }).router.stack;
}

export function routesOf(app: Express): readonly ListedRoute[] {
  return layersOf(app).flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => ({
          method: method.toUpperCase(),
          path: route.path,
          handlers: route.stack.map(({ handle }) => handle),
        })),
  );
}
