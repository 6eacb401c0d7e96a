extension Recipe {
    /// This resolved recipe as if its save number `save`, from 0, were the only one: with the actions before it, and no others.
    public func upTo(save: Int) -> Recipe {
        var left = save
        var kept: [Action] = []
        for action in actions {
            guard action.body is Save else {
                kept.append(action)
                continue
            }
            if left == 0 { return Recipe(name: name, actions: kept + [action]) }
            left -= 1
        }
        return Recipe(name: name, actions: kept)
    }
}
