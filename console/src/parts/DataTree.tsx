/** The laboratory's data as people read them: names with their values, and lists. */
import "./tree.css";
import type { Json } from "./json";

export function DataTree({ value }: { value: Json }) {
  if (Array.isArray(value)) {
    return (
      <ol className="tree-list">
        {value.map((each, index) => (
          // A list has no other names.
          <li key={index}>
            <DataTree value={each} />
          </li>
        ))}
      </ol>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <dl className="tree-object">
        {Object.entries(value).map(([name, inner]) => (
          <div key={name} className={typeof inner === "object" && inner !== null ? "tree-deep" : undefined}>
            <dt>{name}</dt>
            <dd>
              <DataTree value={inner} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <span className={`tree-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
}
