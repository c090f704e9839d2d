import { Empty } from '../parts/load.tsx';

export function NotFoundPage() {
  return (
    <Empty title="There is no such page">
      <p>
        Go to <a href="/">the builds</a>.
      </p>
    </Empty>
  );
}
