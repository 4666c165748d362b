------------------------- MODULE MCWorkflowManager -------------------------
(***************************************************************************)
(* What TLC needs on top of WorkflowManager: histories to begin from, and  *)
(* which of the names in a model may be exchanged for one another.         *)
(***************************************************************************)
EXTENDS WorkflowManager, TLC

(* Beginnings. A history that is there already is one that earlier calls made; `Published` says whether the bus and the
   subscribers have had it. *)
New       == [w \in Workflows |-> << >>]
Active    == [w \in Workflows |-> <<"CREATED", "ACTIVE">>]
HasFailed == [w \in Workflows |-> <<"CREATED", "ACTIVE", "FAILED">>]

(* The newest version is asked whether it fits; of the others nobody asks which of them does not, as long as there is but
   one: the first stands for all. *)
FirstOrNewest(w) == {n \in {1, Len(log[w])} : n > 0}

(* What is altered is the newest version of those that this model makes: each of them while it is the newest. *)
NewestOfThese(w) == {n \in {Len(log[w])} : n > Len(Past[w])}

(* Any number of the newest versions is deleted; the first stays. *)
AnyEnd(w) == 1..(Len(log[w]) - 1)

(* The bus refuses what it likes, for good. *)
Always(w) == TRUE

(* What never happens in a model that says so, to keep it small: another model has it. *)
Never(x) == FALSE
NeverTo(x, y) == FALSE

(* Clients amend: they remark upon workflows, and change their data. *)
RemarksAndChanges == BOOLEAN
Changes == {TRUE}
NoAmendments == {}

(* Moves change the data or do not, clients sign, and a workflow is completed only with a current signature. *)
MovesChange == BOOLEAN
NoPatches   == {FALSE}
Sign        == TRUE
Completion  == {"COMPLETED"}

(* The stream shows every change of a stored version. *)
ShowsChanges == TRUE

(* The index as it is, and not as it may have been. *)
SaysNow(w) == {index[w].version}

(* Nothing is chosen by name: calls, publishers and recoveries differ in nothing but their names. The ids that CHOOSE
   picks are numbered, not named. For safety only: TLC's liveness checking is not sound with symmetry. *)
Alike == Permutations(Calls) \cup Permutations(Publishers) \cup Permutations(Recoveries)
=============================================================================
