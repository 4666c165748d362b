/** The hours of a day as bars: what was refused stands on what was done, and is hatched as well as coloured. */
import type { Hour } from "./day";

interface Props {
  hours: readonly Hour[];
  clockOf: (at: number) => string;
  nameOf: (hour: Hour) => string;
}

const WIDTH = 10;
const GAP = 2;
const HEIGHT = 64;
/** A single entry among thousands is still seen. */
const LEAST = 1.5;

export function Bars({ hours, clockOf, nameOf }: Props) {
  const most = Math.max(1, ...hours.map(({ done, refused }) => done + refused));
  const high = (count: number) => (count === 0 ? 0 : Math.max(LEAST, (count / most) * HEIGHT));
  const [first] = hours;
  const middle = hours[Math.floor(hours.length / 2)];
  const last = hours.at(-1);
  return (
    <figure className="bars">
      <svg viewBox={`0 0 ${hours.length * WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="list">
        <defs>
          <pattern id="hatched" width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="1.5" height="3" fill="currentColor" />
          </pattern>
        </defs>
        <path d={`M0 ${HEIGHT - 0.25}H${hours.length * WIDTH}`} className="bars-floor" />
        {hours.map((hour, at) => {
          const done = high(hour.done);
          const refused = high(hour.refused);
          return (
            <g key={hour.from} role="listitem" aria-label={nameOf(hour)}>
              <title>{nameOf(hour)}</title>
              <rect x={at * WIDTH} width={WIDTH} height={HEIGHT} fill="transparent" />
              <rect x={at * WIDTH + GAP / 2} y={HEIGHT - done} width={WIDTH - GAP} height={done} className="bar-done" />
              <rect
                x={at * WIDTH + GAP / 2}
                y={Math.max(0, HEIGHT - done - refused)}
                width={WIDTH - GAP}
                height={refused}
                className="bar-refused"
              />
            </g>
          );
        })}
      </svg>
      <figcaption className="bars-clock" aria-hidden="true">
        {[first, middle, last].map((hour) => hour !== undefined && <span key={hour.from}>{clockOf(hour.from)}</span>)}
        <span className="bars-most">{most}</span>
      </figcaption>
    </figure>
  );
}
