/** The client in the tree of components. */
import { createContext, useContext } from "react";

import type { Client } from "./client";

const ClientContext = createContext<Client | undefined>(undefined);

export const ClientProvider = ClientContext.Provider;

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error("no client");
  return client;
}
