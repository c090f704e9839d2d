import { formatTime } from '../format.ts';
import { byRole, SLOT_WORDS, type SlotView } from '../slot-words.ts';
import { Commit, Digest } from './reference.tsx';
import { Ago } from './time.tsx';

interface SlotsProps {
  readonly slots: readonly SlotView[];
  readonly chosen: string | null;
  readonly onLog: (logId: string | null) => void;
}

/** The three places of an environment, by what they are for. */
export function Slots({ slots, chosen, onLog }: SlotsProps) {
  return (
    <ul class="slots" aria-label="Slots">
      {byRole(slots).map((slot) => (
        <Slot
          key={slot.index}
          slot={slot}
          isChosen={slot.logId !== null && slot.logId === chosen}
          onLog={onLog}
        />
      ))}
    </ul>
  );
}

interface SlotProps {
  readonly slot: SlotView;
  readonly isChosen: boolean;
  readonly onLog: (logId: string | null) => void;
}

function Slot({ slot, isChosen, onLog }: SlotProps) {
  const { name, colour } = SLOT_WORDS[slot.role];
  return (
    <li class={`card slot slot-${slot.role}`}>
      <div class="slot-head">
        <h2>
          {name} {colour !== null && <span class="note">{colour}</span>}
        </h2>
        {slot.logId !== null && (
          <button
            type="button"
            class="quiet"
            aria-pressed={isChosen}
            onClick={() => onLog(isChosen ? null : slot.logId)}
          >
            App log
          </button>
        )}
      </div>
      {slot.digest === null ? <p class="hint">Nothing runs here.</p> : <SlotFacts slot={slot} />}
    </li>
  );
}

function SlotFacts({ slot }: { slot: SlotView }) {
  return (
    <dl class="facts">
      <dt>Digest</dt>
      <dd>{slot.digest !== null && <Digest digest={slot.digest} />}</dd>
      {slot.commit !== null && (
        <>
          <dt>Commit</dt>
          <dd>
            <Commit commit={slot.commit} url={null} />{' '}
            {slot.buildNumber !== null && `of build #${slot.buildNumber}`}
          </dd>
        </>
      )}
      {slot.sinceMs !== null && (
        <>
          <dt>Since</dt>
          <dd>
            <Ago atMs={slot.sinceMs} />
          </dd>
        </>
      )}
      {slot.standbyUntilMs !== null && (
        <>
          <dt>Until</dt>
          <dd>{formatTime(slot.standbyUntilMs)}</dd>
        </>
      )}
    </dl>
  );
}
