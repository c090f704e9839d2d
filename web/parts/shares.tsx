import { countsText } from '../../src/core/test-report.ts';
import type { StepView } from '../../src/core/views/workflow-view.ts';
import { sharesText, spanOfShares, statusOfShares, testsOfShares, type SharedStep } from '../shares.ts';
import { StatusBadge } from './status.tsx';
import { Bar, StepRow, type StepRowProps } from './step-row.tsx';
import { Took } from './time.tsx';

interface SharesProps extends SharedStep, Pick<StepRowProps, 'axis' | 'chosen' | 'onChoose'> {
  readonly noteOf: (step: StepView) => string | null;
}

/** A split step: its whole, and its shares; open while there is something to see, as a combination of a matrix is. */
export function Shares({ name, shares, noteOf, ...shown }: SharesProps) {
  const status = statusOfShares(shares);
  const span = spanOfShares(shares);
  const tests = testsOfShares(shares);
  const isChosen = shares.some(({ attempts }) => attempts.some(({ logId }) => logId === shown.chosen));
  const hasFailed = shares.some((share) => share.status === 'failure' || share.status === 'error');
  const isOpen = isChosen || hasFailed || !['success', 'pending', 'skipped'].includes(status);
  return (
    <li>
      <details class="shares" open={isOpen} aria-label={`Shares of ${name}`}>
        <summary>
          <StatusBadge status={status} quiet />
          <span class="break">
            {name}{' '}
            <span class="note">
              {[sharesText(shares), ...(tests === null ? [] : [`tests: ${countsText(tests)}`])].join('; ')}
            </span>
          </span>
          <span class="step-took">{span !== null && <Took {...span} />}</span>
          <Bar status={status} span={span} axis={shown.axis} />
        </summary>
        <ol class="steps">
          {shares.map((share) => (
            <StepRow key={share.id} step={share} note={noteOf(share)} {...shown} />
          ))}
        </ol>
      </details>
    </li>
  );
}
