import { useTitle } from '../parts/title.ts';

export function NotFoundPage() {
  useTitle('Not found');
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        Go to <a href="/">the builds</a>.
      </p>
    </>
  );
}
